"""Reads a submitted notebook into plain cells; nothing here executes or renders it."""

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
    """A cell as the student left it.

    Attributes:
        type: "code", "markdown" or "raw".
        id: the cell's id, or "".
        grade_id: nbgrader's name for it, or "".
        source: its text.
        outputs: what it showed, reduced to text and pictures.
        attachments: pictures pasted into markdown.
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
        cells: its cells; of a damaged file those that can be read.
        problems: what is wrong with the file as a whole.
        artifacts: content of the files that were handed in beside it, by name.
        is_whole: whether all of the file could be read.
        choices: cells that an assistant chose as answers; see `with_choices`.
    """

    cells: tuple[StudentCell, ...]
    problems: tuple[str, ...] = ()
    artifacts: dict[str, bytes] = field(default_factory=dict)
    is_whole: bool = True
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> SubmittedNotebook:
        """Return the same: nbgrader copies its configuration, and nothing here is ever changed."""
        return self

    def for_judge(self) -> nbformat.NotebookNode:
        """Nothing but types, ids and sources of the cells, the artifacts and the choices."""
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
    """A student's work, read once and handed on until its mark is in the gradebook.

    Attributes:
        student: id.
        submission: what was read.
        fingerprint: of the files and choices that it was read from; see `fingerprint_of`.
    """

    student: str
    submission: SubmittedNotebook
    fingerprint: str


def submitted_notebook(course: Course, assignment: Assignment, student: str) -> Path:
    """Where a student's notebook was taken in."""
    return course.root / "submitted" / student / assignment.name / f"{assignment.name}.ipynb"


def submission_of(course: Course, assignment: Assignment, student: str) -> SubmittedNotebook:
    """What a student handed in, with the artifacts that the assignment asks for and the choices."""
    path = submitted_notebook(course, assignment, student)
    read = read_submission(path, course.artifacts_of(assignment))
    return replace(read, choices=choices(course, assignment, student, work_of(read.cells)))


def read_handed_in(course: Course, assignment: Assignment, student: str) -> HandedIn:
    """Read what a student handed in, and note from what."""
    fingerprint = fingerprint_of(course, assignment, student)
    return HandedIn(student, submission_of(course, assignment, student), fingerprint)


def fingerprint_of(course: Course, assignment: Assignment, student: str) -> str:
    """Return a digest of every file that a student handed in, and of what assistants chose."""
    digest = hashlib.sha256()
    folder = submitted_notebook(course, assignment, student).parent
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    if chosen := choices(course, assignment, student):
        digest.update(json.dumps(chosen, sort_keys=True).encode())
    return digest.hexdigest()


def read_submission(path: Path, artifacts: Iterable[str] = ()) -> SubmittedNotebook:
    """Read a submitted notebook, in whatever state it is, and what was handed in beside it.

    Of a damaged file the cells that can be read are given, and a problem that says what is wrong.

    Args:
        path: the notebook.
        artifacts: names of the files that may lie beside it; others are not read.
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
            continue  # its exercise's tests say so
        except NotAcceptable as error:
            problems.append(str(error).replace(str(beside), name))
    return replace(notebook, problems=tuple(problems), artifacts=found)


def parse_submission(content: bytes) -> SubmittedNotebook:
    """Read a submitted notebook from its bytes; see `read_submission`."""
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
    """One cell; whatever is not a cell becomes an empty one, so that places keep their numbers."""
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
