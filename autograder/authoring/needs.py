"""Which exercises a cell needs: those it names, and those of the cells whose names it uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.authoring.calls import bound_names, free_names
from autograder.authoring.source import Kind, SourceCell


def with_inherited_needs(cells: Iterable[SourceCell]) -> list[SourceCell]:
    """The cells; one that needs exercises also needs those of the cells that define what it uses.

    So a picture of trained weights says that it needs training's step, and not all that training
    does. A cell that needs nothing cannot use what is only there once an exercise is done.
    """
    read: list[SourceCell] = []
    needed_for: dict[str, tuple[str, ...]] = {}
    for cell in cells:
        if cell.kind is Kind.CODE:
            try:
                used, bound = free_names(cell.text), bound_names(cell.text)
            except SyntaxError:  # which is reported where cells are checked
                used, bound = set(), set()
            if cell.needs:
                inherited = [id for name in sorted(used) for id in needed_for.get(name, ())]
                cell = replace(cell, needs=tuple(dict.fromkeys([*inherited, *cell.needs])))
            needed_for |= dict.fromkeys(bound, cell.needs)
        read.append(cell)
    return read
