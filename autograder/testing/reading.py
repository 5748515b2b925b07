"""Finds helpers and loops in the source of an answer, without executing it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from contextlib import suppress

LOOPS = (
    ast.For, ast.While, ast.AsyncFor,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
LOOPING_CALLS = {
    "map", "filter", "reduce", "vectorize", "apply_along_axis", "frompyfunc", "vmap",
}  # fmt: skip


def with_helpers(name: str, source_of: Callable[[str], str | None]) -> str:
    """Return the source of an object and of all helpers that it names, directly or not.

    Args:
        name: name of the object.
        source_of: returns the source of a function or class of the student by its name; None for
            any other name.
    """
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        source = None if current in found else source_of(current)
        if source is None:
            continue
        found[current] = source
        tree = _parsed(source)
        waiting.extend(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
    return "\n\n".join(found.values())


def definitions(sources: Iterable[str]) -> dict[str, str]:
    """Return the source of each function and class at module level, by name.

    Args:
        sources: sources of cells; when several define a name, the last counts.
    """
    found: dict[str, str] = {}
    for source in sources:
        for node in _parsed(source).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                with suppress(RecursionError):  # nested too deeply, which nobody writes by hand
                    found[node.name] = ast.unparse(node)
    return found


def find_loops(source: str) -> list[str]:
    """Return the loops, comprehensions and loop-like calls in a source, each with its line."""
    found = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, LOOPS):
            found.append((node.lineno, type(node).__name__))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in LOOPING_CALLS:
                found.append((node.lineno, f"{name}()"))
    return [f"{kind} on line {line}" for line, kind in sorted(found)]


def _parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
