"""Finds what code uses, by its syntax tree: undefined names, and functions of the library.

A cell that calls a function of the library also runs what that function calls, so the calls are
followed through the library, function by function.
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
    """Return the names that a cell uses but does not define; builtins are left out.

    Raises:
        SyntaxError: the cell is not Python.
    """
    table = symtable.symtable(python_of(source), "<cell>", "exec")
    return {name for name in _globals_used(table) if name not in _KNOWN} - bound_names(source)


def bound_names(source: str) -> set[str]:
    """Return the names that a cell defines at module level."""
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
    """Return the dotted path of each name that a source imports.

    Args:
        tree: syntax tree of the source.
        package: package of the source, for relative imports.
    """
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
    """Return the dotted paths that a source uses.

    Args:
        tree: syntax tree of the source.
        names: dotted path of each known name; other names are ignored.
    """
    found = set()
    for node in ast.walk(tree):
        path = _dotted(node)
        if path:
            first, _, rest = path.partition(".")
            if first in names:
                found.add(names[first] + ("." + rest if rest else ""))
    return found


def _dotted(node: ast.AST) -> str:
    """Return the text of a chain of attributes, such as "a.b.c"; "" for any other node."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


@dataclass(frozen=True)
class Library:
    """The library's functions and classes, and what each of them uses."""

    course: Course

    @cached_property
    def uses(self) -> dict[str, set[str]]:
        """The dotted paths that each definition uses directly, by dotted path of the definition."""
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
            for name, target in names.items():  # includes names that a package only imports
                uses.setdefault(f"{module}.{name}", set()).add(target)
            for node in tree.body:
                if getattr(node, "name", None) in own:
                    uses[own[node.name]] |= references(node, names)  # type: ignore[attr-defined]
        return uses

    def reached(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the definitions of the library that may run when code uses some paths.

        Args:
            paths: dotted paths that the code uses.

        Returns:
            For each definition, by dotted path, the item of `paths` that leads to it.
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
        """Return the definition that a dotted path names or is a part of; None when unknown."""
        while path:
            if path in self.uses:
                return path
            path = path.rpartition(".")[0]
        return None
