"""Grafts the cells of a submission onto the released notebook.

The result has the structure of the release, whatever the student changed. nbgrader then finds no
cell that is missing, duplicated, of another schema or worth other points.
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
    """Return the released notebook with the student's answers, texts and experiments in it.

    The result has every cell of the release, in the order of the release. Cells for answers and
    free cells have the student's source, with markdown made harmless. Locked cells are those of
    the release. A cell that the student added follows the cell of the release that it followed in
    the submission. When a cell occurs twice, the last copy takes its place, and the other becomes
    an added cell.

    When the cell of a written answer lost its name, or was left untouched beside a text of the
    student, that text becomes the answer. A cell of a written answer that is gone says so in its
    text. A person then looks at it, and nbgrader does not take it for untouched.

    Args:
        release: the notebook as students got it; trusted.
        submission: the notebook that the student handed in.
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
    """A student's cells, each assigned to a cell of the release or to the place after a cell.

    Attributes:
        copies: the student's copy of each cell of the release, by the cell's id.
    """

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
        """Return, for each cell, the id of the released cell that it is a copy of, or "".

        A copy is known by its id, by nbgrader's name, or by the text of the released cell.
        """
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
        """Make an added text the written answer where the answer's cell is untouched or gone."""
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
        """Give the cells that the student added after a cell of the release.

        Args:
            place: id of the cell of the release; "" for the beginning of the notebook.
        """
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
    """Return a cell of the release, with the student's source where students may write."""
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
    """Return the cell of a written answer that is gone, with a text that says so."""
    merged = copy.deepcopy(cell)
    merged.source = f"{cell.source}\n\n{GONE}"
    return merged


def _is_written_answer(cell: nbformat.NotebookNode) -> bool:
    nbgrader = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "markdown" and nbgrader.get("solution") and nbgrader.get("grade"))


def _is_locked_text(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "markdown" and bool(cell.metadata.get("nbgrader", {}).get("locked"))


def _words(text: str) -> str:
    """Return a text with single spaces, since editors change white space on their own."""
    return " ".join(text.split())


def _added(cell: StudentCell, id: str) -> nbformat.NotebookNode:
    """Return a notebook cell for a cell that the student added."""
    if cell.type == "code":
        return new_code_cell(cell.source, id=id, outputs=list(cell.outputs))
    added = new_markdown_cell(harmless_markdown(cell.source), id=id)
    if cell.attachments:
        added.attachments = cell.attachments
    return added
