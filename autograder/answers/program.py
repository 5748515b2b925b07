"""Makes the program that runs for an exercise from a notebook, even a damaged one.

A program runs in this order: the release's set-up cell; from the student's other cells only
imports, definitions and assignments of literals, found by syntax tree; then the names of the other
exercises, bound to the reference; last the cell with the answer. Checks, pictures, training and
magics do not run.

Notebooks are untrusted, so nothing is executed while a program is made.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import linecache
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autograder.answers.cells import (
    Effort,
    PythonCell,
    RawCell,
    code_of,
    parsed,
    python_of,
    read_cells,
    retyped,
)
from autograder.testing.declarations import Exercise

_BESIDE = (ast.Expr, ast.For, ast.While, ast.With)  # may fail without ending the answer's cell
_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag


class SetupError(RuntimeError):
    """The part of a program that is not the student's failed: the set-up cell or the reference."""


@dataclass(frozen=True)
class Cell:
    """A code cell, by its id and source."""

    id: str
    source: str


@dataclass(frozen=True)
class Program:
    """Everything that runs for one exercise.

    Attributes:
        exercise: id of the exercise.
        name: the name that the answer defines.
        setup: source of the release's set-up cell.
        others: the student's other cells, reduced to the statements that run.
        bindings: dotted path of the reference of each other exercise, by the exercise's name.
        answer: the cell with the answer; None when no cell defines the name.
        repairs: how the answer was found, if it was not simply in the exercise's cell.
        artifact: sha256 of the file that was handed in with the notebook, or "".
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
        """Return the program as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Program:
        """Make a program from plain data; the inverse of `to_json`."""
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
    """Return the program of an exercise in a student's notebook.

    The answer is the last cell that defines the exercise's name, as after Run All.

    Args:
        exercise: the exercise.
        notebook: the notebook's JSON (nbformat 4), untrusted.
        setup: source of the release's set-up cell.
        bindings: dotted path of the reference of each other exercise, by the exercise's name.
        other_ids: ids of the other exercises, whose cells are never pieces of a split answer.
    """
    own = f"ex-{exercise.id}"
    raw = read_cells(notebook)
    cells, chosen, repairs = _found(raw, exercise.name, own, {f"ex-{id}" for id in other_ids})
    answer: Cell | None = None
    if chosen is not None:
        answer, strays = _answer(chosen, exercise.name, bindings)
        repairs = [*strays, *repairs]
        cells = [cell for cell in cells if cell is not chosen]
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
    """Return the program of an exercise whose answer is a plain Python file.

    Args:
        exercise: the exercise.
        source: text of the file, untrusted; it defines the exercise's name at module level.
        setup: source of the release's set-up cell.
        bindings: dotted path of the reference of each other exercise, by the exercise's name.
    """
    cell = PythonCell(f"ex-{exercise.id}", python_of(source), own=True)
    answer, repairs = None, [f"the file defines no {exercise.name}"]
    if cell.tree is None or cell.defines(exercise.name):
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
    """Run a program; afterwards `namespace[program.name]` is the answer, if the program has one.

    Tracebacks and `inspect` know each of the student's cells by the file name `<answer: CELL-ID>`.

    Args:
        program: the program.
        namespace: the namespace that the program runs in, which is changed.

    Returns:
        Notes on the student's cells that raised an exception.

    Raises:
        SetupError: the set-up cell or the import of a reference raised an exception.
        Exception: any exception that the answer's cell raises.
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
        _run_answer(program.answer, program.name, namespace, flags, notes)
    return notes


# the answer ---------------------------------------------------------------------------------------


def _found(
    raw: Sequence[RawCell], name: str, own: str, others: set[str]
) -> tuple[list[PythonCell], PythonCell | None, list[str]]:
    """Find the answer among the cells of a notebook.

    When several cells define the name, the last counts; a cell that is still the release's stub
    counts only when no other cell does. A cell that was turned into text is read as code only when
    no code cell defines the name.

    Returns:
        The cells, the cell with the answer (or None), and how the answer was found.
    """
    effort = Effort()
    cells = code_of(raw, own, others - {own}, effort)
    candidates = [cell for cell in cells if cell.defines(name)]
    if all(cell.is_unanswered(name) for cell in candidates):
        as_code = retyped(raw, own, others - {own}, name, effort)
        found = [cell for cell in as_code if cell.defines(name) and not cell.is_unanswered(name)]
        if found:
            candidates = [cell for cell in as_code if cell.is_code and cell.defines(name)]
            candidates = [cell for cell in as_code if cell in candidates or cell is found[-1]]
            cells = [cell for cell in as_code if cell.is_code or cell is found[-1]]
    unreadable = [cell for cell in cells if cell.own and cell.tree is None]
    written = [cell for cell in candidates if not cell.is_unanswered(name)]
    chosen = next(iter([*written[::-1], *candidates[::-1], *unreadable[::-1]]), None)
    has_own = any(own in cell.ids for cell in raw)
    if chosen is None:
        return cells, None, [f"cell {own} defines no {name}"] if has_own else []
    return cells, chosen, _repairs(chosen, candidates, name, own, has_own=has_own)


def _repairs(
    chosen: PythonCell, candidates: Sequence[PythonCell], name: str, own: str, *, has_own: bool
) -> list[str]:
    """Return in words how an answer was found; empty if it was simply in the exercise's cell."""
    repairs = []
    if len(candidates) > 1:
        places = ", ".join(cell.id for cell in candidates)
        which = "the last counts" if chosen is candidates[-1] else f"that in {chosen.id} counts"
        repairs.append(f"{name} is defined in {places}: {which}")
    elif not chosen.own:
        problem = "does not define it" if has_own else "is missing"
        repairs.append(f"cell {own} {problem}: {name} was found in cell {chosen.id}")
    if len(chosen.pieces) > 1:
        repairs.append(f"cell {chosen.id} was split into {len(chosen.pieces)}: joined again")
    if not chosen.is_code:
        repairs.append(f"cell {chosen.id} was turned into text: read as code")
    return repairs


def _answer(cell: PythonCell, name: str, bindings: Mapping[str, str]) -> tuple[Cell, list[str]]:
    """Return the answer's cell as it runs, and the repairs that this took.

    Definitions of other exercises are left out. A cell that is not the exercise's own is reduced to
    definitions.
    """
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
    if stubs := [node for node in cell.stubs_below(name) if node in tree.body]:
        repairs.append(f"below the answer in cell {cell.id} stands the released one: left out")
    return Cell(cell.id, _blanked(source, [*strays, *stubs])), repairs


def _definitions(source: str) -> str:
    """Return a source with only imports, definitions and assignments of literals.

    These stay on their lines.
    """
    tree = parsed(source)
    if tree is None:
        return ""
    dropped = [node for node in tree.body if not _is_harmless(node)]
    return _blanked(source, dropped) if len(dropped) < len(tree.body) else ""


def _is_harmless(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = all(isinstance(target, (ast.Name, ast.Tuple)) for target in targets)
        return names and node.value is not None and _is_literal(node.value)
    if isinstance(node, ast.Try):  # such as an import that may fail
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
    if isinstance(value, ast.Lambda):  # a lambda defines a function
        return True
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True


def _blanked(source: str, statements: Sequence[ast.stmt]) -> str:
    """Return a source in which some top-level statements are 0; all lines keep their numbers."""
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
    """Run a source; return the `from __future__` features that it turns on for later cells."""
    _remember(source, filename)
    code = compile(source, filename, "exec", flags=flags, dont_inherit=True)
    exec(code, namespace)
    return code.co_flags & _FUTURE


def _run_each(cell: Cell, namespace: dict[str, Any], flags: int, notes: list[str]) -> int:
    """Run the statements of a cell; note a statement that raises, and go on with the next."""
    filename = f"<answer: {cell.id}>"
    _remember(cell.source, filename)
    for statement in ast.parse(cell.source).body:
        try:
            flags |= _run_statement(statement, filename, namespace, flags)
        except (Exception, SystemExit) as error:
            notes.append(_note(cell, error))
    return flags


def _run_answer(
    cell: Cell, name: str, namespace: dict[str, Any], flags: int, notes: list[str]
) -> None:
    """Run the answer's cell; statements that do not define the answer may fail.

    So a check or a picture that was merged into the cell costs no points.
    """
    filename = f"<answer: {cell.id}>"
    _remember(cell.source, filename)
    compile(cell.source, filename, "exec", flags=flags, dont_inherit=True)  # no part runs if broken
    first: BaseException | None = None
    for statement in ast.parse(cell.source).body:
        try:
            flags |= _run_statement(statement, filename, namespace, flags)
        except (Exception, SystemExit) as error:
            if name not in namespace and not isinstance(statement, _BESIDE):
                raise
            first = first or error
            notes.append(_note(cell, error))
    if first is not None and name not in namespace:
        raise first


def _run_statement(
    statement: ast.stmt, filename: str, namespace: dict[str, Any], flags: int
) -> int:
    """Run one statement; see `_run`."""
    module = ast.Module([statement], type_ignores=[])
    code = compile(module, filename, "exec", flags=flags, dont_inherit=True)
    exec(code, namespace)
    return code.co_flags & _FUTURE


def _note(cell: Cell, error: BaseException) -> str:
    return f"cell {cell.id} raised {type(error).__name__}: {str(error)[:200]}"


def _remember(source: str, filename: str) -> None:
    """Let tracebacks and `inspect` find the source of a cell, which is in no file."""
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
