"""Adds to the needs of a cell the needs of the cells whose names it uses.

The needs of a cell are the exercises that must be done before the cell can run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.authoring.calls import bound_names, free_names
from autograder.authoring.source import Kind, SourceCell


def with_inherited_needs(cells: Iterable[SourceCell]) -> list[SourceCell]:
    """Return the cells with inherited needs.

    A cell that names exercises also needs the exercises of the cells that define the names it uses.
    So a cell that draws trained weights has to name only the exercise that it calls itself, not all
    that training calls. A cell that names no exercises inherits none.
    """
    read: list[SourceCell] = []
    needed_for: dict[str, tuple[str, ...]] = {}
    for cell in cells:
        if cell.kind is Kind.CODE:
            try:
                used, bound = free_names(cell.text), bound_names(cell.text)
            except SyntaxError:  # reported when the lesson is checked
                used, bound = set(), set()
            if cell.needs:
                inherited = [id for name in sorted(used) for id in needed_for.get(name, ())]
                cell = replace(cell, needs=tuple(dict.fromkeys([*inherited, *cell.needs])))
            needed_for |= dict.fromkeys(bound, cell.needs)
        read.append(cell)
    return read
