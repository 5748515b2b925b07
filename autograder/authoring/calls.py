"""What code calls, by its syntax tree: names that nothing defines, and exercises reached.

A cell that calls a function of the library also calls what that function calls; so the library is
followed, function by function.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.answers.cells import python_of
from autograder.course import Course

_KNOWN = {*vars(builtins), "__name__", "display", "get_ipython"}


def free_names(source: str) -> set[str]:
    """Names that a cell uses and neither defines nor finds among the builtins.

    Raises:
        SyntaxError: it is not Python.
    """
    table = symtable.symtable(python_of(source), "<cell>", "exec")
    return {name for name in _globals_used(table) if name not in _KNOWN} - bound_names(source)


def bound_names(source: str) -> set[str]:
    """Names that a cell defines at module level."""
    table = symtable.symtable(python_of(source), "<cell>", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def _globals_used(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        is_module = table.get_type() == "module"
        if symbol.is_referenced() and (is_module or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_used(child)


def imported_names(tree: ast.AST, package: str = "") -> dict[str, str]:
    """What each name that a source imports stands for, as a dotted path."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                names[alias.asname or alias.name] = f"{module}.{alias.name}"
    return names


def references(tree: ast.AST, names: Mapping[str, str]) -> set[str]:
    """Dotted paths that a source uses, by way of names whose meaning is known."""
    found = set()
    for node in ast.walk(tree):
        path = _dotted(node)
        if path:
            first, _, rest = path.partition(".")
            if first in names:
                found.add(names[first] + ("." + rest if rest else ""))
    return found


def _dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes, or ""."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


@dataclass(frozen=True)
class Library:
    """The library's functions and classes, and which of the others each uses."""

    course: Course

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """Dotted path of each definition -> dotted paths that it uses directly."""
        uses: dict[str, set[str]] = {}
        for path in sorted(self.course.library.rglob("*.py")):
            module = ".".join(path.relative_to(self.course.root).with_suffix("").parts)
            is_package = module.endswith(".__init__")
            module = module.removesuffix(".__init__")
            package = module if is_package else module.rpartition(".")[0]
            tree = ast.parse(path.read_text(encoding="utf-8"))
            own = {
                node.name: f"{module}.{node.name}"
                for node in tree.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            }
            names = {**imported_names(tree, package), **own}
            for name, target in names.items():  # also what a package passes on by importing it
                uses.setdefault(f"{module}.{name}", set()).add(target)
            for node in tree.body:
                if getattr(node, "name", None) in own:
                    uses[own[node.name]] |= references(node, names)  # type: ignore[attr-defined]
        return uses

    def reached(self, paths: Iterable[str]) -> dict[str, str]:
        """Definitions of the library that code using `paths` may run.

        Returns:
            Dotted path of each -> the one of `paths` that leads there.
        """
        found: dict[str, str] = {}
        for start in sorted(paths):
            waiting = [self._definition(start)]
            seen = set()
            while waiting:
                path = waiting.pop()
                if path is not None and path not in seen:
                    seen.add(path)
                    waiting += [self._definition(p) for p in sorted(self.uses[path])]
            for path in seen:
                found.setdefault(path, start)
        return found

    def _definition(self, path: str) -> str | None:
        """The definition that a dotted path names, or is a part of."""
        while path:
            if path in self.uses:
                return path
            path = path.rpartition(".")[0]
        return None
