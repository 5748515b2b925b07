"""Makes a small class of sample submissions from a release.

The file of the class says who the students are. Their answers are the right and wrong answers that
test the exercises' tests, so that a sample never repeats code. Hostile samples are written only
when the caller has a sandbox.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.answers.artifacts import handed_in_as
from autograder.course import Assignment, Course, CourseExercise
from autograder.course.variants import find_variant


@dataclass(frozen=True)
class SampleStudent:
    """A made-up student.

    Attributes:
        id: id of the student.
        first_name, last_name: names in the roster.
        story: what happened to the student's work, in a few words.
        right: ids of the exercises that the student answered well; `["*"]` for all.
        wrong: name of the wrong answer that the student handed in, by id of the exercise.
        damage: what happened to the notebook file, as names in `DAMAGES`.
        hostile: code that the student put into every answer, or ""; the file of the class names
            the file of the code.
    """

    id: str
    first_name: str
    last_name: str
    story: str
    right: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    damage: tuple[str, ...] = ()
    hostile: str = ""


def read_class(path: Path) -> list[SampleStudent]:
    """Read the students of a sample class.

    Raises:
        FileNotFoundError: there is no such file.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_student(entry, path.parent) for entry in table["students"]]


def _student(entry: dict[str, Any], folder: Path) -> SampleStudent:
    lists = {key: tuple(entry.get(key, ())) for key in ("right", "damage")}
    attack = entry.get("hostile", "")
    hostile = (folder / attack).read_text(encoding="utf-8") if attack else ""
    return SampleStudent(**{**entry, **lists, "hostile": hostile})


def write_roster(students: list[SampleStudent], path: Path) -> Path:
    """Write the class list as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "first_name", "last_name", "email"])
        rows.writerows([s.id, s.first_name, s.last_name, f"{s.id}@example.org"] for s in students)
    return path


def write_submissions(
    course: Course,
    assignment: Assignment,
    released: Path,
    folder: Path,
    students: list[SampleStudent],
    *,
    contained: bool,
) -> list[SampleStudent]:
    """Write what each student hands in, as `folder/STUDENT/ASSIGNMENT.ipynb`, with its artifacts.

    Args:
        course: the course.
        assignment: the assignment.
        released: the notebook of the student edition.
        folder: folder to write to.
        students: the class.
        contained: whether submissions will run in a sandbox; without one, hostile students are
            left out.

    Returns:
        The students who handed something in.
    """
    present = [student for student in students if contained or not student.hostile]
    for student in present:
        notebook = nbformat.read(released, as_version=4)
        _answer(course, assignment, notebook, student)
        for name in student.damage:
            DAMAGES[name](notebook)
        path = folder / student.id / f"{assignment.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")  # no repairs
        for exercise in course.exercises_of(assignment):
            if exercise.reference_artifact and _is_right(exercise, student):
                name = handed_in_as(exercise.artifact)
                path.with_name(name).write_bytes(exercise.reference_artifact.read_bytes())
    return present


def _answer(
    course: Course, assignment: Assignment, notebook: NotebookNode, student: SampleStudent
) -> None:
    for exercise in course.exercises_of(assignment):
        source = _answer_source(course, exercise, student)
        if source is not None:
            _cell(notebook, f"ex-{exercise.id}").source = source
    for cell in notebook.cells if student.right else ():
        if cell.get("id", "").startswith("answer-"):
            cell.source = f"{student.first_name}'s answer waits for a person to read it."


def _answer_source(course: Course, exercise: CourseExercise, student: SampleStudent) -> str | None:
    """Return a student's answer to an exercise; None when the cell is left as released."""
    if exercise.id in student.wrong:
        return find_variant(exercise, student.wrong[exercise.id]).source
    if student.hostile:
        return student.hostile.replace("EXERCISE", exercise.name)
    if _is_right(exercise, student):
        return exercise.right_answers()[0].source
    return None


def _is_right(exercise: CourseExercise, student: SampleStudent) -> bool:
    return exercise.id in student.right or "*" in student.right


def _cell(notebook: NotebookNode, id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.get("id") == id)


def _answer_cells(notebook: NotebookNode) -> list[int]:
    return [i for i, cell in enumerate(notebook.cells) if cell.get("id", "").startswith("ex-")]


def _split_a_cell(notebook: NotebookNode) -> None:
    """Split the first answer's cell in two, before the last line of a function."""
    place = _answer_cells(notebook)[0]
    cell = notebook.cells[place]
    lines = cell.source.splitlines(keepends=True)
    body = max(i for i, line in enumerate(lines) if re.match(r"\s+\S", line))
    rest = nbformat.v4.new_code_cell("".join(lines[body:]), id="split-off")
    cell.source = "".join(lines[:body])
    notebook.cells.insert(place + 1, rest)


def _delete_a_cell(notebook: NotebookNode) -> None:
    """Delete the second answer's cell and the check below it."""
    place = _answer_cells(notebook)[1]
    id = notebook.cells[place].id.replace("ex-", "check-", 1)
    notebook.cells = [
        cell for i, cell in enumerate(notebook.cells) if i != place and cell.get("id") != id
    ]


def _duplicate_a_cell(notebook: NotebookNode) -> None:
    """Copy the last check with all its metadata."""
    places = [i for i, c in enumerate(notebook.cells) if c.get("id", "").startswith("check-")]
    copy = nbformat.from_dict(notebook.cells[places[-1]])
    notebook.cells.insert(places[-1] + 1, copy)


DAMAGES: dict[str, Callable[[NotebookNode], None]] = {
    "split a cell": _split_a_cell,
    "delete a cell": _delete_a_cell,
    "duplicate a cell": _duplicate_a_cell,
}
