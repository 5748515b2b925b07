"""Compares the figures in a run of a reference notebook with the figures that are expected.

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

In `says`, `...` stands for any text. A run of white space counts as a single space, both in `says`
and in the output.
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
    """A number that the output of a notebook should have.

    Attributes:
        what: description of the number, for people.
        cell: name of the cell whose output has the number.
        says: the words around the number, with `{}` in place of the number.
        expected: expected value.
        within: largest difference from the expected value that is still right.
        if_said: words that the notebook prints somewhere if the figure applies; "" if it always
            applies.
    """

    what: str
    cell: str
    says: str
    expected: float
    within: float
    if_said: str = ""

    def found_in(self, text: str) -> float | None:
        """Return the number in the output of a cell; None when the words around it are missing."""
        before, after = (re.escape(_plain(part)) for part in f" {self.says} ".split("{}"))
        pattern = (before.removeprefix(r"\ ") + NUMBER + after.removesuffix(r"\ ")).strip()
        match = re.search(pattern.replace(re.escape("..."), ".*?"), _plain(text))
        return None if match is None else float(match[1].replace(",", ""))


@dataclass(frozen=True)
class Expected:
    """What is expected of a run of a notebook.

    Attributes:
        seconds: most seconds that the run may take; None for any time.
        figures: the figures that the output should have.
    """

    seconds: float | None = None
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Compared:
    """A figure, compared with the output of a run.

    Attributes:
        figure: the expected figure.
        got: the number in the output; None when the output has no such number.
        applies: whether the figure applies to this run.
    """

    figure: Figure
    got: float | None
    applies: bool = True

    @property
    def good(self) -> bool:
        """Whether the number is as expected, or the figure does not apply."""
        if not self.applies:
            return True
        margin = self.figure.within + 1e-9 * abs(self.figure.expected)
        return self.got is not None and abs(self.got - self.figure.expected) <= margin


def read_expected(path: Path) -> Expected:
    """Read what is expected of a run; a missing file expects nothing.

    Raises:
        ValueError: the file is no TOML, or a key is missing, unknown or of the wrong kind.
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


def compare_figures(expected: Expected, executed: nbformat.NotebookNode) -> list[Compared]:
    """Compare every figure with the output of an executed notebook.

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
    """Return what a cell printed, and the text of what it displayed (for a picture, in words)."""
    said = []
    for output in cell.get("outputs", ()):
        if output.output_type == "stream":
            said.append(output.text)
        elif output.output_type in ("display_data", "execute_result"):
            said.append(output.data.get("text/plain", ""))
    return "\n".join(said)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", _COLOURS.sub("", text))
