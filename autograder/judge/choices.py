"""Which cells of a notebook an assistant chose as an answer, in place of what reading it finds.

Like artifacts, choices travel in the submission's metadata: by exercise, numbers of cells from 1;
none when there is no answer. A student's own metadata never get that far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

KEY = "choices"


def with_choices(notebook: dict[str, Any], choices: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """A submission's notebook, carrying what was chosen."""
    if not choices:
        return notebook
    carried = {exercise: list(numbers) for exercise, numbers in choices.items()}
    return {**notebook, "metadata": {**notebook["metadata"], KEY: carried}}


def choices_of(notebook: Mapping[str, Any]) -> dict[str, list[int]]:
    """The inverse of `with_choices`."""
    return dict(notebook["metadata"].get(KEY, {}))


def as_chosen(notebook: Mapping[str, Any], exercise: str, numbers: Sequence[int]) -> dict[str, Any]:
    """The notebook in which some cells, joined, are the exercise's own, and the last to define it.

    Args:
        notebook: the submission.
        exercise: id.
        numbers: of cells, in the order in which they are joined; those that are not there are none.
    """
    own = f"ex-{exercise}"
    cells = notebook["cells"]
    joined = "\n".join(cells[n - 1]["source"] for n in numbers if 0 < n <= len(cells))
    others = (cell for number, cell in enumerate(cells, 1) if number not in numbers)
    answer = {"cell_type": "code", "id": own, "metadata": {}, "source": joined}
    return {**notebook, "cells": [*(_not_named(cell, own) for cell in others), answer]}


def in_words(numbers: Sequence[int]) -> str:
    """What was chosen, as it stands among an answer's repairs."""
    if not numbers:
        return "an assistant found no answer"
    if len(numbers) == 1:
        return f"an assistant chose cell number {numbers[0]} as the answer"
    return f"an assistant chose cells number {', '.join(map(str, numbers))}, joined, as the answer"


def _not_named(cell: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A cell that does not go by a name."""
    names = (cell["id"], cell["metadata"].get("nbgrader", {}).get("grade_id"))
    return {**cell, "id": "", "metadata": {}} if name in names else dict(cell)
