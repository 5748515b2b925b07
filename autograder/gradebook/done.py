"""Keeps which submissions are graded already, so that a stopped run goes on where it was.

When the grades of a submission are in the gradebook, a digest of everything that they depend on is
kept. A submission is done while its digest stays the same and the gradebook has a score from the
judge for every exercise.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.course import Assignment, Course
from autograder.judge import records
from autograder.judge.grading import Judge
from autograder.judge.inputs import common_inputs
from autograder.releasing.student_form import released_notebook
from autograder.submissions.reading import HandedIn, fingerprint_of

DONE = "graded.json"


def state_of(course: Course, assignment: Assignment, judge: Judge) -> str:
    """Return a digest of all that the grades of an assignment depend on, except submissions."""
    assert judge.secret is not None
    inputs = common_inputs(course, assignment, judge.secret)
    digest = hashlib.sha256(json.dumps(asdict(inputs), sort_keys=True).encode())
    settings = course.root / "pyproject.toml"
    for path in (released_notebook(course, assignment), assignment.ipynb, settings):
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    digest.update(str(judge.sandbox.contained).encode())
    return digest.hexdigest()


def is_done(
    course: Course, gradebook: Gradebook, assignment: Assignment, student: str, state: str
) -> bool:
    """Return whether the gradebook has the grades of a submission, from its present state.

    Args:
        course: the course.
        gradebook: the open gradebook.
        assignment: the assignment.
        student: id of the student.
        state: digest of the tests and all else that grades depend on; see `state_of`.
    """
    path = _file(course, assignment, student)
    fingerprint = fingerprint_of(course, assignment, student)
    if records.load_run(path).get("digest") != work_digest(fingerprint, state):
        return False
    try:
        notebook = gradebook.find_submission_notebook(assignment.name, assignment.name, student)
    except MissingEntry:
        return False
    scores = {grade.name: grade.auto_score for grade in notebook.grades}
    return all(
        scores.get(f"check-{exercise.id}") is not None
        for exercise in course.exercises_of(assignment)
        if f"check-{exercise.id}" in scores
    )


def mark_done(course: Course, assignment: Assignment, work: HandedIn, state: str) -> None:
    """Note that the grades of a submission are in the gradebook."""
    digest = work_digest(work.fingerprint, state)
    records.write_json(_file(course, assignment, work.student), {"digest": digest})


def mark_undone(course: Course, assignment: Assignment, student: str) -> None:
    """Note that a submission is to be graded, before any of its grades is changed."""
    _file(course, assignment, student).unlink(missing_ok=True)


def _file(course: Course, assignment: Assignment, student: str) -> Path:
    return records.record_folder(course, student, assignment.name, "x").with_name(DONE)


def work_digest(fingerprint: str, state: str) -> str:
    """Return a digest of the state and of what a student handed in (see `fingerprint_of`)."""
    return hashlib.sha256(f"{state} {fingerprint}".encode()).hexdigest()
