"""Puts a student's sources into the notebook as it was released.

The result has the release's structure, whatever became of it in the student's hands: nbgrader then
meets no cell that is missing, duplicated, of another schema or worth other points.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.releasing.student_form import grade_id_of
from autograder.submissions.harmless import harmless_markdown
from autograder.submissions.reading import StudentCell, SubmittedNotebook

NOTE = "taken-in"  # id of the cell that says what was wrong with the file
GONE = "*This cell did not come back. Where cells were added, the answer may be in one of them.*"

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
        of a cell, the last stands in its place, and the other is an added cell. A written answer
        whose cell lost its name, or was left as it was beside a text of the student's, is that
        text; one that is gone says so, so that a person looks and nothing is taken for untouched.
    """
    own = _Placed(release, submission)
    cells = []
    if submission.problems:
        said = "".join(f"\n- {harmless_markdown(problem)}" for problem in submission.problems)
        cells.append(new_markdown_cell(f"**When this work was taken in:**\n{said}", id=NOTE))
    cells += own.added_after("")
    for cell in release.cells:
        copy_ = own.copies.get(cell.id)
        is_gone = copy_ is None and _is_written_answer(cell)
        cells.append(_without_answer(cell) if is_gone else _merged(cell, copy_))
        cells += own.added_after(cell.id)
    return new_notebook(cells=cells, metadata=copy.deepcopy(release.metadata))


class _Placed:
    """A student's cells, each assigned to a cell of the release or to the place after one."""

    def __init__(self, release: nbformat.NotebookNode, submission: SubmittedNotebook) -> None:
        self._released = {cell.id: cell for cell in release.cells}
        self._taken = {*self._released, NOTE}
        self.copies: dict[str, StudentCell] = {}
        self._added: dict[str, list[StudentCell]] = {"": []}
        last = ""
        for cell, place in zip(submission.cells, self._places(submission.cells), strict=True):
            if not place:
                self._added.setdefault(last, []).append(cell)
                continue
            if place in self.copies:
                self._added.setdefault(last, []).append(self.copies[place])
            self.copies[place] = cell
            last = place
            if _is_locked_text(self._released[place]) and not self._is_untouched(place):
                self._added.setdefault(last, []).append(cell)  # perhaps an answer
        self._bring_answers_back()

    def _places(self, cells: Sequence[StudentCell]) -> list[str]:
        """Whose copy each cell is, by its id, nbgrader's name, or its text as it was released."""
        names = {grade_id_of(cell): id for id, cell in self._released.items() if grade_id_of(cell)}
        named = [c.id if c.id in self._released else names.get(c.grade_id, "") for c in cells]
        by_text = {
            _words(cell.source): id
            for id, cell in self._released.items()
            if id not in named and not _is_written_answer(cell)
        }
        return [
            name or by_text.pop(_words(cell.source), "")
            for name, cell in zip(named, cells, strict=True)
        ]

    def _is_untouched(self, place: str) -> bool:
        return _words(self.copies[place].source) == _words(self._released[place].source)

    def _bring_answers_back(self) -> None:
        """Where a written answer is untouched or gone, take the text that stands there instead."""
        before = ""
        for id, cell in self._released.items():
            if _is_written_answer(cell) and (id not in self.copies or self._is_untouched(id)):
                beside = [(place, c) for place in (before, id) for c in self._added.get(place, ())]
                texts = [(place, c) for place, c in beside if c.type != "code" and _words(c.source)]
                written = [each for each in texts if _words(each[1].source) != _words(cell.source)]
                for place, found in (written or texts)[:1]:
                    self._added[place].remove(found)
                    self.copies[id] = found
            if id in self.copies:
                before = id

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
        if _words(copy_.source) != _words(cell.source):
            merged.source = harmless_markdown(copy_.source)
            if copy_.attachments:
                merged.attachments = copy_.attachments
        return merged
    merged.source = copy_.source
    if not is_answer:
        merged.outputs = list(copy_.outputs)
    return merged


def _without_answer(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A written answer's cell that did not come back; its text is no longer the release's."""
    merged = copy.deepcopy(cell)
    merged.source = f"{cell.source}\n\n{GONE}"
    return merged


def _is_written_answer(cell: nbformat.NotebookNode) -> bool:
    nbgrader = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "markdown" and nbgrader.get("solution") and nbgrader.get("grade"))


def _is_locked_text(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and bool(cell.metadata.get("nbgrader", {}).get("locked"))


def _words(text: str) -> str:
    """A text without what editors change on their own."""
    return " ".join(text.split())


def _added(cell: StudentCell, id: str) -> nbformat.NotebookNode:
    """A cell that the release does not have."""
    if cell.type == "code":
        return new_code_cell(cell.source, id=id, outputs=list(cell.outputs))
    added = new_markdown_cell(harmless_markdown(cell.source), id=id)
    if cell.attachments:
        added.attachments = cell.attachments
    return added
