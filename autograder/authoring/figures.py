"""What a run of a reference notebook is expected to say, and whether it did.

Beside `NN_topic.py`, `NN_topic.toml` lists the figures that the notebook prints or writes under its
pictures:

    seconds = 45  # at most, on two CPU cores

    [[figures]]
    what = "recall@1 of unseen species, random weights"
    cell = "network"                           # the cell's name in the text source
    says = "random weights: recall@1 {},"      # {} is the number
    expected = 0.31
    within = 0.05
    if_said = "train on 2160 images"           # where the figure depends on the machine's data

In `says`, `...` is anything, and any run of white space counts as one, there and in the output.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import nbformat

NUMBER = r"([-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?)"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Figure:
    """A number that the notebook says.

    Attributes:
        what: it is, for people.
        cell: name of the cell that says it.
        says: the words around it, with `{}` in its place.
        expected: its value.
        within: how far from it is still right, on either side.
        if_said: words that the notebook says anywhere when the figure applies; "" for always.
    """

    what: str
    cell: str
    says: str
    expected: float
    within: float
    if_said: str = ""

    def found_in(self, text: str) -> float | None:
        """The number in a cell's text; None where the words are not there."""
        before, after = (re.escape(_plain(part)) for part in f" {self.says} ".split("{}"))
        pattern = (before.removeprefix(r"\ ") + NUMBER + after.removesuffix(r"\ ")).strip()
        match = re.search(pattern.replace(re.escape("..."), ".*?"), _plain(text))
        return None if match is None else float(match[1].replace(",", ""))


@dataclass(frozen=True)
class Expected:
    """What a run of a notebook should give.

    Attributes:
        seconds: the longest that it may take; None for any time.
        figures: what it should say.
    """

    seconds: float | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Compared:
    """A figure and what became of it.

    Attributes:
        figure: what was expected.
        got: what the notebook said; None where it said nothing of the kind.
        applies: whether the figure is one of this run.
    """

    figure: Figure
    got: float | None
    applies: bool = True

    @property
    def good(self) -> bool:
        """Whether nothing is wrong: it is as expected, or not to be expected."""
        if not self.applies:
            return True
        margin = self.figure.within + 1e-9 * abs(self.figure.expected)
        return self.got is not None and abs(self.got - self.figure.expected) <= margin


def read_expected(path: Path) -> Expected:
    """Read the file; one that is not there expects nothing.

    Raises:
        ValueError: it is no TOML, or a key is missing, unknown or of the wrong kind.
    """
    if not path.is_file():
        return Expected()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    _require_keys(table, Expected, f"{path}")
    seconds = table.get("seconds")
    if not isinstance(seconds, int | float | None) or isinstance(seconds, bool):
        raise ValueError(f"{path}: seconds should be a number, not {seconds!r}")
    figures = table.get("figures", [])
    if not isinstance(figures, list):
        raise ValueError(f"{path}: write each figure as [[figures]]")
    return Expected(seconds, tuple(_figure(entry, path) for entry in figures))


def compare(expected: Expected, executed: nbformat.NotebookNode) -> list[Compared]:
    """Look for every figure in an executed notebook.

    Raises:
        ValueError: a figure names a cell that the notebook does not have.
    """
    texts = {cell.id: _said(cell) for cell in executed.cells if cell.cell_type == "code"}
    everything = _plain("\n".join(texts.values()))
    compared = []
    for figure in expected.figures:
        if figure.cell not in texts:
            raise ValueError(
                f'the figure "{figure.what}" names the cell {figure.cell!r}; there are: '
                f"{', '.join(texts)}"
            )
        applies = _plain(figure.if_said) in everything
        compared.append(Compared(figure, figure.found_in(texts[figure.cell]), applies))
    return compared


def _figure(entry: Any, path: Path) -> Figure:
    where = f"{path}, figure {entry.get('what', '?')!r}" if isinstance(entry, dict) else f"{path}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: write each figure as [[figures]]")
    _require_keys(entry, Figure, where)
    for field in fields(Figure):
        wanted = (int, float) if field.name in ("expected", "within") else (str,)
        value = entry.get(field.name, field.default)
        if not isinstance(value, wanted) or isinstance(value, bool):
            kind = "a number" if float in wanted else "a string"
            raise ValueError(f"{where}: {field.name} should be {kind}, not {value!r}")
    if entry["says"].count("{}") != 1:
        raise ValueError(f"{where}: says should have one {{}}, in the number's place")
    if entry["within"] < 0:
        raise ValueError(f"{where}: within should be 0 or more")
    return Figure(**entry)


def _require_keys(table: Mapping[str, Any], kind: type, where: str) -> None:
    known = {field.name: field.default is MISSING for field in fields(kind)}
    if unknown := sorted(table.keys() - known.keys()):
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(known)}")
    if missing := [name for name, needed in known.items() if needed and name not in table]:
        raise ValueError(f"{where}: {missing[0]} is missing")


def _said(cell: nbformat.NotebookNode) -> str:
    """What a cell printed, and the text of what it displayed (of a picture, its description)."""
    said = []
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            said.append(output.text)
        elif output.output_type in ("display_data", "execute_result"):
            said.append(output.data.get("text/plain", ""))
    return "\n".join(said)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", _COLOURS.sub("", text))
