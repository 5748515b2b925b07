"""Reads the text source of a notebook: jupytext's percent format, with our own keys on cells.

# %% [markdown]                                   prose
# %% name="setup"                                 the set-up cell
# %% exercise="norm"                              an exercise; the body stays empty
# %% name="picture" needs="norm"                  code that calls the student's answers
# %% [markdown] question="angles" points=10       a question for the human grader
# %% [markdown] model_answer="angles"             for graders only
# %% [markdown] rubric="angles"                   for graders only
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

import jupytext


class Kind(Enum):
    """The kind of a cell of the text source."""

    PROSE = auto()
    CODE = auto()
    EXERCISE = auto()
    QUESTION = auto()
    MODEL_ANSWER = auto()
    RUBRIC = auto()


@dataclass(frozen=True)
class SourceCell:
    """A cell of the text source.

    Attributes:
        kind: kind of the cell.
        text: body of the cell.
        id: id of the exercise or question that the cell belongs to; for prose and code, the name
            of the cell, or "".
        needs: ids of the exercises that a code cell needs.
        points: points of a question; 0 for any other cell.
    """

    kind: Kind
    text: str
    id: str = ""
    needs: tuple[str, ...] = ()
    points: float = 0


_MARKDOWN_KINDS = {
    "question": Kind.QUESTION,
    "model_answer": Kind.MODEL_ANSWER,
    "rubric": Kind.RUBRIC,
}
_ALLOWED = {
    Kind.PROSE: {"name"},
    Kind.CODE: {"name", "needs"},
    Kind.EXERCISE: {"exercise"},
    Kind.QUESTION: {"question", "points"},
    Kind.MODEL_ANSWER: {"model_answer"},
    Kind.RUBRIC: {"rubric"},
}


def read_source(path: Path) -> list[SourceCell]:
    """Return the cells of a text source.

    Raises:
        ValueError: a cell has a key that its kind does not know, a value that its key does not
            allow, or a body where none is allowed.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    return [_read_cell(cell, f"{path.name}, cell {n}") for n, cell in enumerate(notebook.cells, 1)]


def _read_cell(cell: Any, where: str) -> SourceCell:
    metadata = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
    kind = _kind(cell.cell_type, metadata, where)
    if unknown := set(metadata) - _ALLOWED[kind]:
        allowed = ", ".join(sorted(_ALLOWED[kind]))
        raise ValueError(
            f"{where}: {', '.join(sorted(unknown))} means nothing on a cell of this kind, which "
            f"may have: {allowed}"
        )
    texts = {key: value for key, value in metadata.items() if key != "points"}
    for key, value in texts.items():
        if not isinstance(value, str) or not value:
            raise ValueError(f'{where}: {key} should be a name in quotes, as {key}="..."')
    points = metadata.get("points", 0)
    if kind is Kind.QUESTION and (type(points) not in (int, float) or points <= 0):
        raise ValueError(f"{where}: a question has points=NUMBER, more than 0")
    if kind is Kind.EXERCISE and cell.source.strip():
        raise ValueError(
            f"{where}: an exercise cell stays empty; its code is the object's in the library"
        )
    needs = tuple(texts.pop("needs", "").replace(",", " ").split())
    return SourceCell(kind, cell.source, next(iter(texts.values()), ""), needs, points)


def _kind(cell_type: str, metadata: dict[str, Any], where: str) -> Kind:
    if cell_type == "code":
        return Kind.EXERCISE if "exercise" in metadata else Kind.CODE
    if cell_type == "markdown":
        return next((k for key, k in _MARKDOWN_KINDS.items() if key in metadata), Kind.PROSE)
    raise ValueError(
        f"{where} is a {cell_type} cell; only markdown and code are used. A text source starts "
        "with `# %%`, without a YAML header."
    )
