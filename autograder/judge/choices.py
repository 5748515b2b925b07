"""Puts the cells that an assistant chose as an answer into a notebook's metadata.

A choice takes the place of the answer that the judge would find. It is a list of cell numbers, from
1, for an exercise; the list is empty when there is no answer. A student's own metadata never reach
the judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KEY = "choices"


def with_choices(notebook: dict[str, Any], choices: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return a notebook with choices in its metadata.

    Args:
        notebook: the notebook of a submission.
        choices: numbers of the chosen cells, by id of the exercise.
    """
    if not choices:
        return notebook
    carried = {exercise: list(numbers) for exercise, numbers in choices.items()}
    return {**notebook, "metadata": {**notebook["metadata"], KEY: carried}}


def choices_of(notebook: Mapping[str, Any]) -> dict[str, list[int]]:
    """Return the choices in a notebook's metadata; the inverse of `with_choices`."""
    return dict(notebook["metadata"].get(KEY, {}))


def as_chosen(notebook: Mapping[str, Any], exercise: str, numbers: Sequence[int]) -> dict[str, Any]:
    """Return a notebook whose last cell is the exercise's own cell and holds the chosen cells.

    The chosen cells are joined into this cell and do not stay in their old places.

    Args:
        notebook: the notebook of a submission.
        exercise: id of the exercise.
        numbers: numbers of the chosen cells, in the order in which they are joined; a number
            without a cell is ignored.
    """
    own = f"ex-{exercise}"
    cells = notebook["cells"]
    joined = "\n".join(cells[n - 1]["source"] for n in numbers if 0 < n <= len(cells))
    others = (cell for number, cell in enumerate(cells, 1) if number not in numbers)
    answer = {"cell_type": "code", "id": own, "metadata": {}, "source": joined}
    return {**notebook, "cells": [*(_not_named(cell, own) for cell in others), answer]}


def in_words(numbers: Sequence[int]) -> str:
    """Return a choice in words, as it is listed among the repairs of an answer."""
    if not numbers:
        return "an assistant found no answer"
    if len(numbers) == 1:
        return f"an assistant chose cell number {numbers[0]} as the answer"
    return f"an assistant chose cells number {', '.join(map(str, numbers))}, joined, as the answer"


def _not_named(cell: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a cell without its id and metadata if these carry a given name."""
    names = (cell["id"], cell["metadata"].get("nbgrader", {}).get("grade_id"))
    return {**cell, "id": "", "metadata": {}} if name in names else dict(cell)
