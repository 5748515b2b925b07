"""A notebook as cells that know where each piece of their text came from.

So what a damage left of an answer is known without asking the code under test.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MOST_PIECES = 8


@dataclass(frozen=True)
class Piece:
    """A piece of a cell's original text.

    Attributes:
        origin: id of the cell that it was written in.
        start, end: where in that cell's text.
        text: the piece.
    """

    origin: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a damaged notebook.

    Attributes:
        type: "code", "markdown" or "raw".
        id: "" when it was lost.
        grade_id: nbgrader's name, "" when there is none.
        pieces: what its text is made of, in order.
        magics: lines before its text that are no Python.
        metadata: besides nbgrader's.
    """

    type: str
    id: str
    grade_id: str
    pieces: tuple[Piece, ...]
    magics: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Its text without magics."""
        return "\n".join(piece.text for piece in self.pieces)

    @property
    def source(self) -> str:
        """Its text as it stands in the file."""
        return "\n".join([*self.magics, self.text])


Work = tuple[Cell, ...]


def work_of(notebook: Mapping[str, Any]) -> Work:
    """The cells of an undamaged notebook."""
    cells = []
    for cell in notebook["cells"]:
        source = cell["source"]
        text = "".join(source) if isinstance(source, list) else source
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        pieces = (Piece(cell["id"], 0, len(text), text),)
        cells.append(Cell(cell["cell_type"], cell["id"], grade_id, pieces))
    return tuple(cells)


def original(work: Work, id: str) -> str:
    """The text of a cell of an undamaged notebook."""
    [cell] = [cell for cell in work if cell.id == id]
    return cell.text


@dataclass(frozen=True)
class Remains:
    """What a damage left of an answer.

    Attributes:
        kept: whether all of it stands in order somewhere, in cells that make Python together.
        contested: whether a part of it stands elsewhere, where the name may be defined too, or
            the rest of another answer right below it, where it may be its own.
        places: indices of the cells that hold all of it.
    """

    kept: bool
    contested: bool = False
    places: tuple[int, ...] = ()


def remains(work: Work, origin: str, text: str) -> Remains:
    """What is left of the answer that was written in a cell, by where its pieces are."""
    flat = [(place, piece) for place, cell in enumerate(work) for piece in cell.pieces]
    runs = [run for run in _runs(flat, origin, text) if _is_python(work, run)]
    heads = sum(piece.origin == origin and piece.start == 0 for _, piece in flat)
    if not runs:
        return Remains(False, heads > 0)
    places = tuple(sorted({place for place, _ in runs[-1]}))
    below = flat[flat.index(runs[-1][-1]) + 1 :][:1]
    strays = any(piece.start > 0 and piece.origin != origin for _, piece in below)
    return Remains(True, heads > len(runs) or strays, places)


def _runs(
    flat: list[tuple[int, Piece]], origin: str, text: str
) -> Iterator[list[tuple[int, Piece]]]:
    """Neighbouring pieces that are the whole text of a cell."""
    for first, (_, piece) in enumerate(flat):
        if piece.origin != origin or piece.start != 0:
            continue
        last = first
        while flat[last][1].end < len(text):
            follows = flat[last + 1] if last + 1 < len(flat) else None
            if follows is None or follows[1].origin != origin:
                break
            gap = text[flat[last][1].end : follows[1].start]
            if follows[1].start < flat[last][1].end or gap.strip("\n"):  # a cut drops newlines only
                break
            last += 1
        else:
            yield flat[first : last + 1]


def _is_python(work: Work, run: list[tuple[int, Piece]]) -> bool:
    """Whether the cells of a run, with some neighbours, are Python together."""
    first, last = run[0][0], run[-1][0]
    for a in range(first, max(first - MOST_PIECES, -1), -1):
        for b in range(last + 1, min(a + MOST_PIECES, len(work)) + 1):
            if _parses(_whole([piece for cell in work[a:b] for piece in cell.pieces])):
                return True
    return False


def _whole(pieces: list[Piece]) -> str:
    """The pieces, put together as they were before they were cut."""
    text = pieces[0].text
    for before, piece in itertools.pairwise(pieces):
        cut_in_line = before.origin == piece.origin and before.end == piece.start
        text += ("" if cut_in_line else "\n") + piece.text
    return text


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def same_code(one: str, other: str, name: str) -> bool:
    """Whether two sources define a name alike, up to layout, comments and docstrings."""
    return _parses(one) and _shape(one, name) == _shape(other, name) != []


def _shape(source: str, name: str) -> list[str]:
    tree = ast.parse(source)
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            for inner in ast.walk(node):
                body = getattr(inner, "body", None)
                if isinstance(inner, ast.FunctionDef | ast.ClassDef) and isinstance(body, list):
                    inner.body = [n for n in body if not _is_text(n)] or [ast.Pass()]
            found = [ast.dump(node)]
    return found


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def cells_without(work: Work, gone: set[int]) -> Work:
    """The work without some cells."""
    return tuple(cell for place, cell in enumerate(work) if place not in gone)


def changed(work: Work, place: int, **values: Any) -> Work:
    """The work with one cell changed."""
    return (*work[:place], replace(work[place], **values), *work[place + 1 :])
