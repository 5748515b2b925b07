"""Splits the function or class of an exercise into the given part and the solution.

If the source has marker lines, the solution is the text between them. Without marker lines, in a
plain function, the given part is the signature, the docstring and the argument checks at the
beginning (calls of `require_*`, `if …: raise`, imports). The rest of the body is the solution.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.course import Course

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
INDENT = "    "


@dataclass(frozen=True)
class Region:
    """The lines of a solution, or of a part of it; lines count from 0 in the object's source.

    Attributes:
        first: first line of the region.
        end: line after the last line of the region.
        indent: white space at the beginning of the lines.
        in_class_body: whether the region is between the methods of a class, not in a method.
    """

    first: int
    end: int
    indent: str
    in_class_body: bool = False


@dataclass(frozen=True)
class ReferenceObject:
    """A function or class of the library that an exercise asks for.

    Attributes:
        object: dotted path of the object.
        first_line: first line of the object in its module, including decorators, counted from 0.
        end_line: line after the last line of the object, including comments that belong to it.
        lines: lines of the object's source, without marker lines.
        regions: regions of `lines` that are the solution.
    """

    object: str
    first_line: int
    end_line: int
    lines: tuple[str, ...]
    regions: tuple[Region, ...]

    @property
    def source(self) -> str:
        """The source of the object, without marker lines."""
        return "\n".join(self.lines)

    def marked(self) -> str:
        """Return the source with marker lines around the solution, as in nbgrader's source form."""
        return self._rewritten(
            lambda region: [
                region.indent + BEGIN,
                *self.lines[region.first : region.end],
                region.indent + END,
            ]
        )

    def given(self, stub: str) -> str:
        """Return the source with `stub` in place of the solution; between methods, with nothing."""
        return self._rewritten(
            lambda region: [] if region.in_class_body else [region.indent + stub]
        ).rstrip()

    def solutions(self) -> list[str]:
        """Return the text of each part of the solution, with its indentation."""
        return ["\n".join(self.lines[region.first : region.end]) for region in self.regions]

    def _rewritten(self, replacement: Callable[[Region], Sequence[str]]) -> str:
        lines: list[str] = []
        done = 0
        for region in self.regions:
            lines += self.lines[done : region.first]
            lines += replacement(region)
            done = region.end
        return "\n".join([*lines, *self.lines[done:]])


def reference_object(course: Course, dotted: str) -> ReferenceObject:
    """Read an exercise's object and find its solution.

    Args:
        course: the course.
        dotted: dotted path of the object, such as `my_lib.vectors.norm`.

    Raises:
        ValueError: there is no such object, its markers do not pair, or nothing is left to solve.
    """
    module, _, name = dotted.rpartition(".")
    path = course.module_file(module)
    source = path.read_text(encoding="utf-8")
    node = _find(source, name)
    if node is None:
        raise ValueError(f"{path} defines no function or class {name!r} (object of an exercise)")
    where = f"{path}: {name}"
    module_lines = source.splitlines()
    first = min(n.lineno for n in (node, *node.decorator_list)) - 1
    end = _end_of_object(module_lines, node)
    lines, marked = _without_markers(module_lines[first:end], where)
    if marked:
        regions = tuple(_with_place(lines, begin, stop, node) for begin, stop in marked)
    elif isinstance(node, ast.ClassDef):
        raise ValueError(f"{where}: mark the solution of a class with {BEGIN!r} and {END!r}")
    else:
        regions = (_rest_of_body(lines, node, first, where),)
    return ReferenceObject(dotted, first, end, tuple(lines), regions)


def without_markers(source: str) -> str:
    """Return the source of a module without marker lines."""
    kept = [line for line in source.splitlines() if line.strip() not in (BEGIN, END)]
    return "\n".join(kept) + "\n"


def given_statements(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many statements at the beginning of a function's body are given to the student."""
    count = 1 if ast.get_docstring(node, clean=False) is not None else 0
    while count < len(node.body) and _is_given(node.body[count]):
        count += 1
    return count


def _find(source: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None:
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.name == name
        ):
            return node
    return None


def _is_given(statement: ast.stmt) -> bool:
    """Return whether a statement is given to the student: it checks arguments or imports."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    if isinstance(statement, ast.If):
        return not statement.orelse and all(isinstance(s, ast.Raise) for s in statement.body)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        name = getattr(function, "id", getattr(function, "attr", ""))
        return name.startswith("require_")
    return False


def _end_of_object(lines: Sequence[str], node: ast.stmt) -> int:
    """Return the line after an object; indented comments below its last statement belong to it."""
    end = node.end_lineno or node.lineno
    for place in range(end, len(lines)):
        if lines[place].strip() and not lines[place].startswith(INDENT):
            break
        if lines[place].strip():
            end = place + 1
    return end


def _without_markers(lines: Sequence[str], where: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the lines without marker lines, and the ranges of lines that were between markers."""
    kept: list[str] = []
    ranges: list[tuple[int, int]] = []
    begin: int | None = None
    for number, line in enumerate(lines, 1):
        if line.strip() == BEGIN and begin is None:
            begin = len(kept)
        elif line.strip() == END and begin is not None:
            ranges.append((begin, len(kept)))
            begin = None
        elif "BEGIN SOLUTION" in line or "END SOLUTION" in line:
            raise ValueError(f"{where}, line {number}: markers do not pair: {line.strip()!r}")
        else:
            kept.append(line)
    if begin is not None:
        raise ValueError(f"{where}: {BEGIN!r} without {END!r}")
    if any(first == end for first, end in ranges):
        raise ValueError(f"{where}: nothing stands between {BEGIN!r} and {END!r}")
    return kept, ranges


def _with_place(lines: Sequence[str], first: int, end: int, node: ast.stmt) -> Region:
    code = next(line for line in lines[first:end] if line.strip())
    indent = code[: len(code) - len(code.lstrip())]
    in_class_body = isinstance(node, ast.ClassDef) and indent == INDENT
    return Region(first, end, indent, in_class_body)


def _rest_of_body(
    lines: Sequence[str],
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    first_line: int,
    where: str,
) -> Region:
    """Return the region of a body after the given statements, including comments before it."""
    count = given_statements(node)
    if count == len(node.body):
        raise ValueError(f"{where}: the whole body is given, nothing is left to solve")
    statement = node.body[count]
    header_end = node.body[0].lineno - first_line - 1
    if count == 0:
        # Comments between the signature and the first statement are part of the solution.
        begin = next(
            (n for n in range(header_end, 0, -1) if not lines[n - 1].lstrip().startswith("#")), 0
        )
    else:
        begin = (node.body[count - 1].end_lineno or 0) - first_line
    if statement.lineno - first_line - 1 < begin or statement.lineno == node.lineno:
        raise ValueError(f"{where}: put the first statement of the solution on a line of its own")
    while not lines[begin].strip():
        begin += 1
    return Region(begin, len(lines), " " * statement.col_offset)
