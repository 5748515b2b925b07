"""Reads a submitted notebook into plain cells, without executing or rendering it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.answers.cells import MAX_CELL, MAX_CELLS, MAX_CODE
from autograder.course import Assignment, Course
from autograder.judge.artifacts import with_artifacts
from autograder.judge.choices import with_choices
from autograder.judge.redaction import legible
from autograder.submissions.decisions import choices, work_of
from autograder.submissions.files import CAPS, NotAcceptable, read_regular
from autograder.submissions.harmless import harmless_attachments, harmless_outputs, plain_text
from autograder.submissions.salvage import salvage


@dataclass(frozen=True)
class StudentCell:
    """A cell of a submission.

    Attributes:
        type: "code", "markdown" or "raw".
        id: the cell's id, or "".
        grade_id: nbgrader's name for the cell, or "".
        source: text of the cell.
        outputs: the cell's outputs, reduced to text and pictures.
        attachments: pictures that the student pasted into markdown.
    """

    type: str
    id: str
    grade_id: str
    source: str
    outputs: tuple[nbformat.NotebookNode, ...] = ()
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SubmittedNotebook:
    """A submitted notebook.

    Attributes:
        cells: the notebook's cells; from a damaged file, the cells that can be read.
        problems: what is wrong with the file as a whole.
        artifacts: content of the files that were handed in beside the notebook, by name.
        is_whole: whether all of the file could be read.
        choices: numbers of the cells that an assistant chose as the answer, by exercise.
    """

    cells: tuple[StudentCell, ...]
    problems: tuple[str, ...] = ()
    artifacts: dict[str, bytes] = field(default_factory=dict)
    is_whole: bool = True
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> SubmittedNotebook:
        """Return the notebook itself: nbgrader copies its configuration, and this never changes."""
        return self

    def for_judge(self) -> nbformat.NotebookNode:
        """Return the notebook in the form that the judge gets.

        It has only the types, ids and sources of the cells, the artifacts and the choices.
        """
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": cell.type,
                    "id": cell.id,
                    "metadata": {"nbgrader": {"grade_id": cell.grade_id}},
                    "source": cell.source,
                }
                for cell in self.cells
            ],
        }
        carried = with_artifacts(notebook, self.artifacts)
        return nbformat.from_dict(with_choices(carried, self.choices))


@dataclass(frozen=True)
class HandedIn:
    """The work of a student, read once and passed on until the mark is in the gradebook.

    Attributes:
        student: id of the student.
        submission: the submitted notebook.
        fingerprint: digest of the files and choices that the submission was read from; see
            `fingerprint_of`.
    """

    student: str
    submission: SubmittedNotebook
    fingerprint: str


def submitted_notebook(course: Course, assignment: Assignment, student: str) -> Path:
    """Return the path of a student's notebook in `submitted/`."""
    return course.root / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"


def submission_of(course: Course, assignment: Assignment, student: str) -> SubmittedNotebook:
    """Return a student's submission, with the assignment's artifacts and assistants' choices."""
    path = submitted_notebook(course, assignment, student)
    read = read_submission(path, course.artifacts_of(assignment))
    return replace(read, choices=choices(course, assignment, student, work_of(read.cells)))


def read_handed_in(course: Course, assignment: Assignment, student: str) -> HandedIn:
    """Read a student's submission, and take a fingerprint of the files it is read from."""
    fingerprint = fingerprint_of(course, assignment, student)
    return HandedIn(student, submission_of(course, assignment, student), fingerprint)


def fingerprint_of(course: Course, assignment: Assignment, student: str) -> str:
    """Return a digest of every file that a student handed in, and of assistants' choices."""
    digest = hashlib.sha256()
    folder = submitted_notebook(course, assignment, student).parent
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    if chosen := choices(course, assignment, student):
        digest.update(json.dumps(chosen, sort_keys=True).encode())
    return digest.hexdigest()


def read_submission(path: Path, artifacts: Iterable[str] = ()) -> SubmittedNotebook:
    """Read a submitted notebook and the files that were handed in beside it.

    A damaged notebook is no error: the result has the cells that can be read, and a problem that
    says what is wrong.

    Args:
        path: path of the notebook.
        artifacts: names of the files beside the notebook to read; other files are not read.
    """
    try:
        notebook = parse_submission(read_regular(path, CAPS.notebook))
    except FileNotFoundError:
        return SubmittedNotebook((), (f"there is no {path.name}",), is_whole=False)
    except NotAcceptable as error:
        problem = str(error).replace(str(path), path.name)
        return SubmittedNotebook((), (problem,), is_whole=False)
    found: dict[str, bytes] = {}
    problems = list(notebook.problems)
    for name in artifacts:
        beside = path.with_name(name)
        try:
            found[name] = read_regular(beside, MAX_ARTIFACT)
        except FileNotFoundError:
            continue  # the tests of its exercise report a missing artifact
        except NotAcceptable as error:
            problems.append(str(error).replace(str(beside), name))
    return replace(notebook, problems=tuple(problems), artifacts=found)


def parse_submission(content: bytes) -> SubmittedNotebook:
    """Read a submitted notebook from the content of its file; see `read_submission`."""
    found = salvage(content)
    cells, problems = found.cells, list(found.problems)
    if len(cells) > MAX_CELLS:
        problems.append(f"only the first {MAX_CELLS} of its {len(cells)} cells are read")
    read = tuple(map(_cell, cells[:MAX_CELLS]))
    for place, cell in enumerate(read, 1):
        if len(cell.source) > MAX_CELL:
            problems.append(f"cell {place} is longer than {MAX_CELL:,} characters: left out")
    if sum(len(cell.source) for cell in read if cell.type == "code") > MAX_CODE:
        problems.append(f"only the first {MAX_CODE:,} characters of its code are read")
    kept = (replace(c, source="") if len(c.source) > MAX_CELL else c for c in read)
    return SubmittedNotebook(tuple(kept), tuple(problems), is_whole=found.is_whole)


def _cell(cell: object) -> StudentCell:
    """Return a cell; an entry that is no cell becomes an empty cell, so that numbers stay right."""
    if not isinstance(cell, Mapping):
        return StudentCell("raw", "", "", "")
    type = cell.get("cell_type")
    type = type if type in ("code", "markdown") else "raw"
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None
    id = _name(cell.get("id"))
    shown = f"picture made by cell {id}" if id else "picture made by a cell without a name"
    return StudentCell(
        type,
        id,
        _name(grade_id),
        plain_text(cell.get("source")),
        tuple(harmless_outputs(cell.get("outputs"), described_as=shown)) if type == "code" else (),
        harmless_attachments(cell.get("attachments")) if type == "markdown" else {},
    )


def _name(value: object) -> str:
    return legible(value, 100) if isinstance(value, str) else ""
