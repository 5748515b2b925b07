"""Puts a student's sources into the notebook as it was released.

The result has the release's structure, whatever became of it in the student's hands: nbgrader then
meets no cell that is missing, duplicated, of another schema or worth other points.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.gradebook.untrusted import (
    StudentCell,
    SubmittedNotebook,
    harmless_markdown,
)

NOTE = "taken-in"  # id of the cell that says what was wrong with the file

_CELL_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


def graft(release: nbformat.NotebookNode, submission: SubmittedNotebook) -> nbformat.NotebookNode:
    """The released notebook with the student's answers, texts and experiments in it.

    Args:
        release: the notebook as students got it; trusted.
        submission: what came back.

    Returns:
        A notebook with every cell of the release, in its order. Cells for answers and free cells
        hold the student's source, markdown made harmless; locked cells are the release's. Cells
        that the student added stand after the release's cell that they followed. Of two copies
        of a cell, the last stands in its place, and the other is an added cell.
    """
    own = _Placed(release, submission)
    cells = []
    if submission.problems:
        said = "".join(f"\n- {harmless_markdown(problem)}" for problem in submission.problems)
        cells.append(new_markdown_cell(f"**When this work was taken in:**\n{said}", id=NOTE))
    cells += own.added_after("")
    for cell in release.cells:
        cells.append(_merged(cell, own.copies.get(cell.id)))
        cells += own.added_after(cell.id)
    return new_notebook(cells=cells, metadata=copy.deepcopy(release.metadata))


class _Placed:
    """A student's cells, each assigned to a cell of the release or to the place after one."""

    def __init__(self, release: nbformat.NotebookNode, submission: SubmittedNotebook) -> None:
        self._ids = {cell.id for cell in release.cells}
        self._taken = {*self._ids, NOTE}
        by_grade_id = {grade_id_of(cell): cell.id for cell in release.cells if grade_id_of(cell)}
        self.copies: dict[str, StudentCell] = {}
        self._added: dict[str, list[StudentCell]] = {"": []}
        last = ""
        for cell in submission.cells:
            place = cell.id if cell.id in self._ids else by_grade_id.get(cell.grade_id, "")
            if not place:
                self._added.setdefault(last, []).append(cell)
                continue
            if place in self.copies:
                self._added.setdefault(last, []).append(self.copies[place])
            self.copies[place] = cell
            last = place

    def added_after(self, place: str) -> Iterator[nbformat.NotebookNode]:
        """The cells that the student added after a cell of the release ("" is the beginning)."""
        for cell in self._added.get(place, ()):
            if cell.source.strip() or cell.outputs:
                yield _added(cell, self._new_id(cell.id))

    def _new_id(self, wanted: str) -> str:
        number = 1
        id = wanted if _CELL_ID.fullmatch(wanted) else "added-1"
        while id in self._taken:
            id = f"added-{number}"
            number += 1
        self._taken.add(id)
        return id


def grade_id_of(cell: nbformat.NotebookNode) -> str:
    """nbgrader's name of a cell, or ""."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _merged(cell: nbformat.NotebookNode, copy_: StudentCell | None) -> nbformat.NotebookNode:
    """A cell of the release, with the student's source where students may write."""
    merged = copy.deepcopy(cell)
    if merged.cell_type == "code":
        merged.outputs, merged.execution_count = [], None
    nbgrader = cell.metadata.get("nbgrader", {})
    is_answer = nbgrader.get("solution", False)
    if copy_ is None or (nbgrader and not is_answer):
        return merged
    if cell.cell_type == "markdown":
        if copy_.source != cell.source:
            merged.source = harmless_markdown(copy_.source)
            if copy_.attachments:
                merged.attachments = copy_.attachments
        return merged
    merged.source = copy_.source
    if not is_answer:
        merged.outputs = list(copy_.outputs)
    return merged


def _added(cell: StudentCell, id: str) -> nbformat.NotebookNode:
    """A cell that the release does not have."""
    if cell.type == "code":
        return new_code_cell(cell.source, id=id, outputs=list(cell.outputs))
    added = new_markdown_cell(harmless_markdown(cell.source), id=id)
    if cell.attachments:
        added.attachments = cell.attachments
    return added
