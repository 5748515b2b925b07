"""Reads the cells of a notebook, and mends cells that were split or turned into text.

Notebooks are untrusted, so nothing is executed.
"""

from __future__ import annotations

import ast
import itertools
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

MAX_CELL = 200_000  # characters; a longer cell is no answer
MAX_CELLS = 1_000
MAX_CODE = 300_000  # characters of all code cells together
MAX_PIECES = 8  # pieces of a split cell that are joined again
MAX_COMPILED = 20_000  # characters; a longer source is only parsed: compiling can be quadratic
MAX_EFFORT = 3_000_000  # characters that are read while a notebook is mended
LEAST_COPY = 10  # characters of a text that two cells do not share by chance
MAX_MIXED_CUTS = 3  # most cuts for which every mix of cuts between and within lines is tried

_MAGIC = re.compile(r"\s*+(?:%|!|\?|[\w.,\s]+=\s*[%!]|%?[\w.*]+\?{1,2}\s*$)")
_FOREIGN = re.compile(
    r"\s*%%(?:bash|sh|script|html|javascript|js|latex|markdown|perl|ruby|svg|writefile|file|cmd)\b"
)
_UNDONE = "NotDoneYet"


class Effort:
    """A limit on the characters that are read to mend a notebook.

    Without a limit, a hostile notebook could keep the grader busy for days.
    """

    def __init__(self, characters: int = MAX_EFFORT) -> None:
        self._left = characters

    def allows(self, characters: int) -> bool:
        """Spend some characters of the limit, and return whether the limit still holds."""
        self._left -= characters
        return self._left >= 0


@dataclass(frozen=True)
class RawCell:
    """A cell as the file has it.

    Attributes:
        id: id of the cell if it is fit to be shown, or else its number.
        ids: all ids of the cell: its own id and nbgrader's grade_id.
        source: text of the cell.
        is_code: whether the cell is a code cell.
    """

    id: str
    ids: frozenset[str]
    source: str
    is_code: bool


@dataclass(frozen=True)
class PythonCell:
    """A student's cell, read as Python, perhaps joined from several cells of the file.

    Attributes:
        id: id of the cell if it is fit to be shown, or else its number.
        source: Python source of the cell, with magics blanked.
        own: whether the cell is the exercise's own cell, by its id or nbgrader's grade_id.
        fixed: whether the cell is another cell of the release.
        is_code: whether the cell was joined from code cells only.
        pieces: ids of the cells that the cell was joined from.
    """

    id: str
    source: str
    own: bool = False
    fixed: bool = False
    is_code: bool = True
    pieces: tuple[str, ...] = field(default=())

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree of the cell; None when the source is not Python."""
        return parsed(self.source)

    @cached_property
    def definitions(self) -> list[ast.stmt]:
        """The statements that define a name: functions, classes and lambdas.

        In the exercise's own cell assignments and imports count, too. In other cells an assignment
        does not count: `loss = loss(anchor, positive)` in an experiment is no answer.
        """
        return [
            node
            for node in _statements(self.tree.body if self.tree else [])
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            or (isinstance(node, ast.Assign) and (self.own or isinstance(node.value, ast.Lambda)))
            or (self.own and isinstance(node, (ast.AnnAssign, ast.Import, ast.ImportFrom)))
        ]

    def defines(self, name: str) -> bool:
        """Return whether the cell defines a name; see `definitions`."""
        return bool(self.named(name))

    def is_unanswered(self, name: str) -> bool:
        """Return whether the cell defines a name only as the stub, which raises NotDoneYet."""
        found = self.named(name)
        return bool(found) and all(map(_is_stub, found))

    def stubs_below(self, name: str) -> list[ast.stmt]:
        """Return the stubs below the answer of a name, which would replace the answer."""
        found = self.named(name)
        answered = [place for place, node in enumerate(found) if not _is_stub(node)]
        return found[answered[-1] + 1 :] if answered else []

    def named(self, name: str) -> list[ast.stmt]:
        """Return the statements that define a name, in order."""
        return [node for node in self.definitions if name in _names_of(node)]


def read_cells(notebook: Mapping[str, Any]) -> list[RawCell]:
    """Return the cells in a notebook's JSON, even if the notebook is damaged."""
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    read = []
    room = Effort(MAX_CODE)
    for place, cell in enumerate((cells if isinstance(cells, list) else [])[:MAX_CELLS], 1):
        if not isinstance(cell, Mapping):
            cell = {}
        ids = [value for value in (cell.get("id"), _grade_id(cell)) if isinstance(value, str)]
        shown = next((i for i in ids if re.fullmatch(r"[\w-]{1,64}", i, re.A)), f"number-{place}")
        is_code, source = cell.get("cell_type") == "code", _text(cell.get("source"))
        source = source if not is_code or room.allows(len(source)) else ""
        read.append(RawCell(shown, frozenset(ids), source, is_code))
    return read


def code_of(
    cells: Sequence[RawCell], own: str, fixed: set[str], effort: Effort
) -> list[PythonCell]:
    """Return the code cells, with the pieces of split cells joined.

    Pieces with a cell of another type between them are not joined. An exception is an indented
    text, which may be the rest of a block.

    Args:
        cells: the cells of the notebook.
        own: id of the exercise's own cell.
        fixed: ids of the other exercises' cells.
        effort: limit on the characters that are read.
    """
    runs = itertools.groupby(cells, key=lambda cell: cell.is_code or _is_indented(cell.source))
    return [
        cell
        for is_code, run in runs
        if is_code
        for cell in _join_pieces([_python_cell(raw, own, fixed, effort) for raw in run], effort)
        if cell.is_code or len(cell.pieces) > 1
    ]


def retyped(
    cells: Sequence[RawCell], own: str, fixed: set[str], name: str, effort: Effort
) -> list[PythonCell]:
    """Return the cells of every type, read as Python; join pieces only if they define the name.

    Args:
        cells: the cells of the notebook.
        own: id of the exercise's own cell.
        fixed: ids of the other exercises' cells.
        name: name that the answer defines.
        effort: limit on the characters that are read.
    """
    return _join_pieces([_python_cell(raw, own, fixed, effort) for raw in cells], effort, name)


def python_of(source: str, effort: Effort | None = None) -> str:
    """Return the source of a cell with magics and shell lines blanked; line numbers stay.

    Args:
        source: the source.
        effort: limit on the characters that are read; default a new limit.
    """
    effort = Effort() if effort is None else effort
    if _FOREIGN.match(source):
        return ""
    lines = source.removeprefix("\ufeff").split("\n")
    for _ in range(len(lines)):
        if not effort.allows(len(source)):
            break
        error = _syntax_error("\n".join(lines))
        line = (getattr(error, "lineno", None) or 0) - 1
        if not (0 <= line < len(lines)) or not _MAGIC.match(lines[line]):
            break
        while lines[line].endswith("\\") and line + 1 < len(lines):
            lines[line + 1], lines[line] = lines[line] + lines[line + 1], ""
            line += 1
        indentation = lines[line][: -len(lines[line].lstrip())]
        lines[line] = indentation and f"{indentation}pass"  # a block must not be left empty
    return "\n".join(lines)


def parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of a source; None when the source is not Python."""
    return None if _syntax_error(source) else ast.parse(source)


# the file -----------------------------------------------------------------------------------------


def _grade_id(cell: Mapping[str, Any]) -> Any:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None


def _text(source: Any) -> str:
    """Return the source of a cell as text; in a file it is a string or a list of lines."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str) or len(source) > MAX_CELL:
        return ""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _python_cell(raw: RawCell, own: str, fixed: set[str], effort: Effort) -> PythonCell:
    is_own = own in raw.ids
    return PythonCell(
        own if is_own else raw.id,
        python_of(raw.source, effort),
        own=is_own,
        fixed=bool(raw.ids & fixed) or _is_check(raw.ids),
        is_code=raw.is_code,
        pieces=(raw.id,),
    )


def _is_indented(source: str) -> bool:
    return source.lstrip("\n").startswith((" ", "\t"))


def _is_check(ids: frozenset[str]) -> bool:
    return any(id.startswith("check-") for id in ids)


# pieces -------------------------------------------------------------------------------------------


def _join_pieces(cells: list[PythonCell], effort: Effort, wanted: str = "") -> list[PythonCell]:
    """Join neighbouring cells that are Python only together.

    Args:
        cells: the cells.
        effort: limit on the characters that are read.
        wanted: a name that the joined source must define; "" to join whatever it defines.
    """
    cells = list(cells)
    place = 0
    while place < len(cells):
        if cells[place].tree is None and effort.allows(0):
            for first, last in _windows(place, len(cells)):
                joined = _joined(cells[first:last], effort, wanted)
                if joined is not None:
                    cells[first:last] = [joined]
                    place = first
                    break
        place += 1
    return cells


def _windows(place: int, count: int) -> Iterator[tuple[int, int]]:
    """Give the ranges of 2 to MAX_PIECES neighbours that contain `place`, short ranges first."""
    for size in range(2, MAX_PIECES + 1):
        for first in range(place, place - size, -1):
            if first >= 0 and first + size <= count:
                yield first, first + size


def _joined(pieces: Sequence[PythonCell], effort: Effort, wanted: str) -> PythonCell | None:
    """Return the cell that several pieces make together; None when they make no cell."""
    texts = [piece.source for piece in pieces]
    if _has_copy(texts):
        return None
    if wanted:
        # Searching costs a tenth of compiling. It counts, since a hostile file has many such cells.
        if not effort.allows(sum(map(len, texts)) // 10):
            return None
        if not any(_may_define(separator.join(texts), wanted) for separator in ("\n", "")):
            return None
    whole = any(_is_whole(piece, wanted) for piece in pieces[:-1]) or _is_foreign(
        pieces[-1], wanted
    )
    for text in _rejoined(texts, ("\n",) if whole else ("\n", "")):
        if len(text) > MAX_CELL or not effort.allows(0):
            continue
        source = python_of(text, effort)
        if parsed(source) is None or not effort.allows(len(source)):
            continue
        if any(piece.tree and _is_same(source, piece.source) for piece in pieces):
            continue  # the other pieces would only continue a comment
        owner = next((piece for piece in pieces if piece.own), pieces[0])
        ids = tuple(id for piece in pieces for id in piece.pieces)
        is_code = all(piece.is_code for piece in pieces)
        return replace(owner, source=source, pieces=ids, is_code=is_code)
    return None


def _is_same(one: str, other: str) -> bool:
    """Return whether two sources are the same Python, up to comments and layout."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))


def _is_whole(piece: PythonCell, wanted: str) -> bool:
    """Return whether a piece was certainly not cut in the middle of its last line.

    A piece that ends with a comment counts as whole: almost anything, such as a broken cell, could
    be read as the end of a comment.
    """
    last_line = piece.source.rstrip().rpartition("\n")[2]
    return _is_foreign(piece, wanted) or (piece.tree is not None and "#" in last_line)


def _is_foreign(piece: PythonCell, wanted: str) -> bool:
    """Return whether a piece cannot be part of the answer.

    It is then Python by itself, and either another cell of the release or a text that cannot define
    the wanted name.
    """
    is_prose = not piece.is_code and not _may_define(piece.source, wanted)
    return piece.tree is not None and (piece.fixed or is_prose)


def _may_define(text: str, name: str) -> bool:
    return name in text and bool(re.search(rf"(?:def|class)\s+{name}\b|\b{name}\s*=", text))


def _has_copy(texts: Sequence[str]) -> bool:
    """Return whether a piece begins or ends with another: it is then a copy, not the rest."""
    cores = [text.strip() for text in texts]
    return any(
        len(core) >= LEAST_COPY and (other.startswith(core) or other.endswith(core))
        for core, other in itertools.permutations(cores, 2)
    )


def _rejoined(pieces: Sequence[str], separators: Sequence[str]) -> Iterator[str]:
    """Give the sources that pieces may have been cut from, between two lines or within a line."""
    cuts = len(pieces) - 1
    if cuts <= MAX_MIXED_CUTS:
        ways = list(itertools.product(separators, repeat=cuts))
    else:
        ways = [(separator,) * cuts for separator in separators]
    for way in ways:
        source = pieces[0]
        for separator, piece in zip(way, pieces[1:], strict=True):
            in_indentation = source.rpartition("\n")[2].isspace()
            if separator == "" and not in_indentation:
                piece = piece.lstrip("\n")  # blank lines stand where magics were
            source += piece if in_indentation else separator + piece
        yield source


# Python -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)  # a cell is read for every exercise of its assignment
def _syntax_error(source: str) -> Exception | None:
    """Return why a source is not Python, by parsing or compiling; None when it is Python."""
    flags = 0 if len(source) <= MAX_COMPILED else ast.PyCF_ONLY_AST
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful literals give warnings, not errors
            compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error.with_traceback(None)
    return None


def _is_stub(node: ast.stmt) -> bool:
    return any(isinstance(n, ast.Raise) and _UNDONE in ast.dump(n) for n in ast.walk(node))


def _names_of(node: ast.stmt) -> set[str]:
    """Return the names that a statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements at module level, including those under if, try and with."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from _statements(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)
