"""What is graded already: so that a run that was stopped goes on, and nothing is judged twice.

After a submission's grades are in the gradebook, a digest of all that they depend on is kept. It
holds good as long as the gradebook still has a score from the judge for every exercise.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from autograder.course import Assignment, Course
from autograder.gradebook.decisions import choices
from autograder.judge import records
from autograder.judge.grading import Judge
from autograder.judge.inputs import Inputs, common_inputs
from autograder.releasing.student_form import released_notebook

DONE = "graded.json"


def state_of(course: Course, assignment: Assignment, judge: Judge) -> str:
    """A digest of all that every grade of an assignment depends on, but the submission itself."""
    inputs = inputs_of_all(course, assignment, judge)
    digest = hashlib.sha256(json.dumps(asdict(inputs), sort_keys=True).encode())
    settings = course.root / "pyproject.toml"
    for path in (released_notebook(course, assignment), assignment.ipynb, settings):
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    digest.update(str(judge.sandbox.contained).encode())
    return digest.hexdigest()


def inputs_of_all(course: Course, assignment: Assignment, judge: Judge) -> Inputs:
    """What every verdict of an assignment depends on, but the answer itself."""
    assert judge.secret is not None
    return common_inputs(course, assignment, judge.secret)


def is_done(
    course: Course, gradebook: Gradebook, assignment: Assignment, student: str, state: str
) -> bool:
    """Whether a submission's grades are in the gradebook, from just this work and these tests."""
    path = _file(course, assignment, student)
    if records.load_run(path).get("digest") != digest_of(course, assignment, student, state):
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


def mark_done(course: Course, assignment: Assignment, student: str, state: str) -> None:
    """Keep that a submission's grades are in the gradebook."""
    digest = digest_of(course, assignment, student, state)
    records.write_json(_file(course, assignment, student), {"digest": digest})


def mark_undone(course: Course, assignment: Assignment, student: str) -> None:
    """Before anything of a submission's grades is changed."""
    _file(course, assignment, student).unlink(missing_ok=True)


def _file(course: Course, assignment: Assignment, student: str) -> Path:
    return records.record_folder(course, student, assignment.name, "x").with_name(DONE)


def digest_of(course: Course, assignment: Assignment, student: str, state: str) -> str:
    """A digest of the state, every file that a student handed in, and what assistants chose."""
    digest = hashlib.sha256(state.encode())
    folder = course.root / "submitted" / student / assignment.name
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    if chosen := choices(course, assignment, student):
        digest.update(json.dumps(chosen, sort_keys=True).encode())
    return digest.hexdigest()
