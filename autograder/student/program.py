"""What runs for an exercise: from a notebook, however damaged, to a program.

In this order: the release's set-up cell; of the student's other cells, by syntax tree, only
imports, definitions and assignments of literals; the names of the other exercises, bound to the
reference; last, the cell with the answer. Checks, pictures, training and magics do not run.

Notebooks are untrusted here: nothing is executed while a program is made.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import linecache
import re
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from autograder.student.exercise import Exercise

MAX_CELL = 200_000  # characters; a longer cell is no answer
MAX_CELLS = 1_000
MAX_CODE = 300_000  # characters of all cells
MAX_PIECES = 4  # of a split cell, joined again
MAX_COMPILED = 20_000  # characters; more is only parsed, since compiling can take squared time
MAX_EFFORT = 3_000_000  # characters read while a notebook is mended

_MAGIC = re.compile(r"\s*+(?:%|!|\?|[\w.,\s]+=\s*[%!]|%?[\w.*]+\?{1,2}\s*$)")
_FOREIGN = re.compile(
    r"\s*%%(?:bash|sh|script|html|javascript|js|latex|markdown|perl|ruby|svg|writefile|file|cmd)\b"
)
_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag


class SetupError(RuntimeError):
    """The kit's own part of a program failed: the set-up cell or the reference."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its id and its source."""

    id: str
    source: str


@dataclass(frozen=True)
class Program:
    """Everything that runs for one exercise.

    Attributes:
        exercise: id of the exercise.
        name: the name that the answer defines.
        setup: source of the release's set-up cell.
        others: what runs of the student's other cells.
        bindings: names of the other exercises and the dotted paths of their references.
        answer: the cell with the answer; None when nothing defines the name.
        repairs: how the answer was found, where it was not simply in its cell.
        artifact: sha256 of the file that was handed in with it, or "".
    """

    exercise: str
    name: str
    setup: str
    others: tuple[Cell, ...]
    bindings: dict[str, str]
    answer: Cell | None
    repairs: tuple[str, ...] = ()
    artifact: str = ""

    def to_json(self) -> dict[str, Any]:
        """The program as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Program:
        """The inverse of `to_json`."""
        answer = data["answer"]
        return cls(
            exercise=data["exercise"],
            name=data["name"],
            setup=data["setup"],
            others=tuple(Cell(**cell) for cell in data["others"]),
            bindings=dict(data["bindings"]),
            answer=None if answer is None else Cell(**answer),
            repairs=tuple(data["repairs"]),
            artifact=data["artifact"],
        )


def program_for(
    exercise: Exercise,
    notebook: Mapping[str, Any],
    *,
    setup: str,
    bindings: Mapping[str, str],
    other_ids: Collection[str] = (),
) -> Program:
    """The program of an exercise in a student's notebook.

    The answer is the last cell that defines the exercise's name, as Run All would leave it.

    Args:
        exercise: which one.
        notebook: the notebook's JSON (nbformat 4), untrusted.
        setup: source of the release's set-up cell.
        bindings: name of each other exercise -> dotted path of its reference.
        other_ids: ids of the other exercises, whose cells are never pieces of a split answer.
    """
    own = f"ex-{exercise.id}"
    cells = _mended(_code_cells(notebook), own, {f"ex-{id}" for id in other_ids} - {own})
    candidates = [cell for cell in cells if cell.is_answer(exercise.name)]
    answer: Cell | None = None
    repairs: list[str] = []
    if candidates:
        chosen = candidates[-1]
        answer, repairs = _answer(chosen, exercise.name, bindings)
        if len(candidates) > 1:
            places = ", ".join(cell.id for cell in candidates)
            repairs.append(f"{exercise.name} is defined in {places}: the last counts")
        elif not chosen.own:
            problem = "does not define it" if any(cell.own for cell in cells) else "is missing"
            repairs.append(f"cell {own} {problem}: {exercise.name} was found in cell {chosen.id}")
        if len(chosen.pieces) > 1:
            repairs.append(f"cell {chosen.id} was split into {len(chosen.pieces)}: joined again")
        cells = [cell for cell in cells if cell is not chosen]
    elif any(cell.own for cell in cells):
        repairs.append(f"cell {own} defines no {exercise.name}")
    others = (Cell(cell.id, _definitions(cell.source)) for cell in cells)
    return Program(
        exercise=exercise.id,
        name=exercise.name,
        setup=setup,
        others=tuple(cell for cell in others if cell.source.strip()),
        bindings={k: v for k, v in bindings.items() if k != exercise.name},
        answer=answer,
        repairs=tuple(repairs),
    )


def program_for_file(
    exercise: Exercise, source: str, *, setup: str, bindings: Mapping[str, str]
) -> Program:
    """The program of an exercise answered in a plain Python file.

    Args:
        exercise: which one.
        source: text of the file, untrusted; it defines the exercise's name at module level.
        setup: source of the release's set-up cell.
        bindings: name of each other exercise -> dotted path of its reference.
    """
    cell = _Cell(f"ex-{exercise.id}", python_of(source), own=True)
    answer, repairs = None, [f"the file defines no {exercise.name}"]
    if cell.is_answer(exercise.name):
        answer, repairs = _answer(cell, exercise.name, bindings)
    return Program(
        exercise=exercise.id,
        name=exercise.name,
        setup=setup,
        others=(),
        bindings={k: v for k, v in bindings.items() if k != exercise.name},
        answer=answer,
        repairs=tuple(repairs),
    )


def execute(program: Program, namespace: dict[str, Any]) -> list[str]:
    """Run a program; afterwards `namespace[program.name]` is the answer, if there is one.

    Each cell of the student's is known to tracebacks and `inspect` by the file name
    `<answer: CELL-ID>`.

    Returns:
        Notes on the student's other cells that raised.

    Raises:
        SetupError: the set-up cell or the import of a reference raised.
        Exception: whatever the answer's cell raises.
    """
    namespace.setdefault("__name__", "answer")
    try:
        flags = _run(program.setup, "<set-up>", namespace)
    except Exception as error:
        raise SetupError(f"the set-up cell raised {type(error).__name__}: {error}") from error
    notes: list[str] = []
    for cell in program.others:
        flags |= _run_each(cell, namespace, flags, notes)
    namespace.pop(program.name, None)
    for name, path in program.bindings.items():
        module, _, attribute = path.rpartition(".")
        try:
            namespace[name] = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise SetupError(f"{path} cannot be imported: {error}") from error
    if program.answer is not None:
        _run(program.answer.source, f"<answer: {program.answer.id}>", namespace, flags)
    return notes


class Effort:
    """How much more is read to mend a notebook: a hostile one could keep us busy for days."""

    def __init__(self, characters: int = MAX_EFFORT) -> None:
        self._left = characters

    def allows(self, characters: int) -> bool:
        """Spend that many; False when there are none left."""
        self._left -= characters
        return self._left >= 0


def python_of(source: str, effort: Effort | None = None) -> str:
    """A cell's source with magics and shell lines blanked, keeping its line numbers."""
    effort = Effort() if effort is None else effort
    if _FOREIGN.match(source):
        return ""
    lines = source.split("\n")
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
        lines[line] = re.match(r"\s*", lines[line]).group() + "pass"  # type: ignore[union-attr]
    return "\n".join(lines)


# reading the notebook -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    """A code cell as the student left it.

    Attributes:
        id: its id, fit to be shown; or its place.
        source: its Python, magics blanked.
        own: whether it is the exercise's own cell, by id or by nbgrader's grade_id.
        fixed: whether it is another cell of the release.
        pieces: ids of the cells that it was joined from.
    """

    id: str
    source: str
    own: bool = False
    fixed: bool = False
    pieces: tuple[str, ...] = field(default=())

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its syntax tree, or None when it is not Python."""
        return _parse(self.source)

    def is_answer(self, name: str) -> bool:
        """Whether it defines the name, or is the exercise's own cell and cannot be read."""
        tree = self.tree
        if tree is None:
            return self.own
        return name in _defined(tree, everything=self.own)


@dataclass(frozen=True)
class _RawCell:
    """A code cell as it stands in the file: shown id, ids that it goes by, source."""

    id: str
    ids: frozenset[str]
    source: str


def _code_cells(notebook: Mapping[str, Any]) -> list[list[_RawCell]]:
    """The code cells, in runs that no cell of another type interrupts."""
    runs: list[list[_RawCell]] = [[]]
    room = Effort(MAX_CODE)
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    for place, cell in enumerate((cells if isinstance(cells, list) else [])[:MAX_CELLS], 1):
        if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
            runs.append([])
            continue
        ids = [value for value in (cell.get("id"), _grade_id(cell)) if isinstance(value, str)]
        shown = next((i for i in ids if re.fullmatch(r"[\w-]{1,64}", i, re.A)), f"number-{place}")
        source = _text(cell.get("source"))
        runs[-1].append(_RawCell(shown, frozenset(ids), source if room.allows(len(source)) else ""))
    return runs


def _grade_id(cell: Mapping[str, Any]) -> Any:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None


def _text(source: Any) -> str:
    """A cell's source: a string, or in files a list of lines."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str) or len(source) > MAX_CELL:
        return ""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _mended(runs: list[list[_RawCell]], own: str, fixed: set[str]) -> list[_Cell]:
    """The cells, with the pieces of split ones joined."""
    mended = []
    effort = Effort()
    for run in runs:
        cells = [
            _Cell(
                own if own in raw.ids else raw.id,
                python_of(raw.source, effort),
                own=own in raw.ids,
                fixed=bool(raw.ids & fixed) or _is_check(raw.ids),
                pieces=(raw.id,),
            )
            for raw in run
        ]
        mended += _join_pieces(cells, effort)
    return mended


def _is_check(ids: frozenset[str]) -> bool:
    return any(id.startswith("check-") for id in ids)


def _join_pieces(cells: list[_Cell], effort: Effort) -> list[_Cell]:
    """Join neighbours, of which one is not Python by itself, where together they are."""
    cells = list(cells)
    place = 0
    while place < len(cells):
        if cells[place].tree is None and not cells[place].fixed and effort.allows(0):
            for first, last in _windows(place, len(cells)):
                joined = _joined(cells[first:last], effort)
                if joined is not None:
                    cells[first:last] = [joined]
                    place = first
                    break
        place += 1
    return cells


def _windows(place: int, count: int) -> Iterator[tuple[int, int]]:
    """Ranges of 2 to MAX_PIECES neighbours that contain `place`, short ones first."""
    for size in range(2, MAX_PIECES + 1):
        for first in range(place, place - size, -1):
            if first >= 0 and first + size <= count:
                yield first, first + size


def _joined(pieces: Sequence[_Cell], effort: Effort) -> _Cell | None:
    """One cell of several, or None when they do not make one."""
    if any(piece.fixed for piece in pieces):
        return None
    source = next(filter(_parse, _rejoined([piece.source for piece in pieces], effort)), None)
    if source is None:
        return None
    owner = next((piece for piece in pieces if piece.own), pieces[0])
    ids = tuple(id for piece in pieces for id in piece.pieces)
    return replace(owner, source=source, pieces=ids)


def _rejoined(pieces: Sequence[str], effort: Effort) -> Iterator[str]:
    """What the pieces may have been: cut between two lines, or in the middle of one."""
    for separator in ("\n", ""):
        source = pieces[0]
        for piece in pieces[1:]:
            in_indentation = source.rpartition("\n")[2].isspace()
            source += piece if in_indentation else separator + piece
        yield python_of(source, effort)


# reading the cells --------------------------------------------------------------------------------


def _parse(source: str) -> ast.Module | None:
    return None if _syntax_error(source) else ast.parse(source)


@lru_cache(maxsize=1024)  # a cell is read for every exercise of its assignment
def _syntax_error(source: str) -> Exception | None:
    """Why a source is not Python, or None. Also what the compiler finds after parsing."""
    flags = 0 if len(source) <= MAX_COMPILED else ast.PyCF_ONLY_AST
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of doubtful literals, which are no errors
            compile(source, "<cell>", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error.with_traceback(None)
    return None


def _defined(tree: ast.Module, *, everything: bool) -> set[str]:
    """Names that a cell defines as functions or classes; or, of an own cell, by any assignment.

    Elsewhere an assignment does not count: `triplet_loss = triplet_loss(a, p, n)` in an
    experiment is no answer.
    """
    names = set()
    for node in _statements(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and (everything or isinstance(node.value, ast.Lambda)):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif everything and isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif everything and isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at module level, also under if, try and with."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With)):
                yield from _statements(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)


def _answer(cell: _Cell, name: str, bindings: Mapping[str, str]) -> tuple[Cell, list[str]]:
    """The cell as it runs: without other exercises' answers and, if not its own, filtered."""
    tree = cell.tree
    if tree is None:
        return Cell(cell.id, cell.source), [f"cell {cell.id} is not valid Python"]
    source = cell.source if cell.own else _definitions(cell.source)
    strays = [
        node
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and node.name in bindings
        and node.name != name
    ]
    repairs = [
        f"{node.name} is another exercise: its definition in cell {cell.id} is left out"
        for node in strays
    ]
    return Cell(cell.id, _blanked(source, strays)), repairs


def _definitions(source: str) -> str:
    """Of a cell, only imports, definitions and assignments of literals, on their own lines."""
    tree = _parse(source)
    if tree is None:
        return ""
    dropped = [node for node in tree.body if not _is_harmless(node)]
    return _blanked(source, dropped) if len(dropped) < len(tree.body) else ""


def _is_harmless(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
        return names and node.value is not None and _is_literal(node.value)
    if isinstance(node, ast.Try):  # an import that may fail
        parts = [node.body, node.orelse, node.finalbody, *(h.body for h in node.handlers)]
        return all(_is_harmless(inner) for part in parts for inner in part)
    return isinstance(
        node,
        (
            ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
            ast.Pass,
        ),
    )  # fmt: skip


def _is_literal(value: ast.expr) -> bool:
    if isinstance(value, ast.Lambda):  # a definition by another spelling
        return True
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _blanked(source: str, statements: Sequence[ast.stmt]) -> str:
    """A source in which some top-level statements are the constant 0, other lines unmoved."""
    lines = [line.encode() for line in source.split("\n")]
    for node in statements:
        decorators = getattr(node, "decorator_list", [])
        first = min(n.lineno for n in (node, *decorators)) - 1
        last, end = (node.end_lineno or node.lineno) - 1, node.end_col_offset or 0
        for row in range(first, last + 1):
            line = lines[row]
            start = node.col_offset if row == first else 0
            stop = end if row == last else len(line)
            filler = (b"0" if row in (first, last) else b"").ljust(stop - start)
            lines[row] = line[:start] + filler + line[stop:]
    return b"\n".join(lines).decode()


# running ------------------------------------------------------------------------------------------


def _run(source: str, filename: str, namespace: dict[str, Any], flags: int = 0) -> int:
    """Run a source; return the `from __future__` features that it turned on for later cells."""
    _remember(source, filename)
    code = compile(source, filename, "exec", flags=flags, dont_inherit=True)
    exec(code, namespace)
    return code.co_flags & _FUTURE


def _run_each(cell: Cell, namespace: dict[str, Any], flags: int, notes: list[str]) -> int:
    """Run a cell's statements one by one: one that raises is noted, and the rest still runs."""
    filename = f"<answer: {cell.id}>"
    _remember(cell.source, filename)
    for statement in ast.parse(cell.source).body:
        module = ast.Module([statement], type_ignores=[])
        try:
            code = compile(module, filename, "exec", flags=flags, dont_inherit=True)
            flags |= code.co_flags & _FUTURE
            exec(code, namespace)
        except (Exception, SystemExit) as error:
            notes.append(f"cell {cell.id} raised {type(error).__name__}: {str(error)[:200]}")
    return flags


def _remember(source: str, filename: str) -> None:
    """Let tracebacks and `inspect` find a source that is in no file."""
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
