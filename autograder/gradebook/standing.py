"""Reads the grades of a class from the gradebook and the judge's records, without grading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import nbformat
from nbgrader.api import Grade, Gradebook, MissingEntry, Student

from autograder.course import Assignment, Course
from autograder.gradebook.database import open_gradebook
from autograder.gradebook.gradable import handed_in as all_who_handed_in
from autograder.gradebook.gradable import require_released
from autograder.gradebook.lateness import read_policy, settle_in
from autograder.judge import records
from autograder.releasing.student_form import grade_id_of, released_notebook
from autograder.testing.verdicts import Outcome

GRADED_SINCE = "graded again since a person gave the points, which stand"


class Status(StrEnum):
    """The status of a grade, or of a student's whole assignment."""

    GRADED = "graded"
    WAITS = "waits for a reader"  # a person has to read a written answer
    NOT_GRADED = "not graded"  # the grader itself failed: a person must look
    NOT_SUBMITTED = "nothing submitted"


@dataclass(frozen=True)
class ExerciseGrade:
    """A student's grade for one exercise or one written question.

    Attributes:
        id: id of the exercise or question.
        points: points that count, given by a person or by the judge; None when there are none yet.
        max_points: most points that the exercise or question gives.
        status: graded, waits for a reader (questions only) or not graded.
        by_hand: whether a person gave the points.
        record: the judge's record, where it exists and can be read.
        run: how grading went; see `autograder.judge.records`.
        flags: what an assistant should know, such as verdicts that differed between two runs.
        problems: why the record cannot be read.
    """

    id: str
    points: float | None
    max_points: float
    status: Status
    by_hand: bool = False
    record: records.Record | None = None
    run: dict[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The misconceptions that the answer matches."""
        return () if self.record is None else self.record.result.diagnoses

    @property
    def not_started(self) -> bool:
        """Whether the judge found no answer in the submission."""
        outcomes = {v.outcome for v in self.record.result.verdicts} if self.record else set()
        missing = {Outcome.NOT_STARTED, Outcome.NOT_CHECKED}
        return Outcome.NOT_STARTED in outcomes and outcomes <= missing


@dataclass(frozen=True)
class StudentGrades:
    """A student's grades for one assignment.

    Attributes:
        student: id of the student.
        first_name: first name in the roster, or "".
        last_name: last name in the roster, or "".
        email: address in the roster, or "".
        exercises: grades of the exercises, in the course's order; empty when nothing was graded.
        questions: grades of the written questions, in the notebook's order; empty when nothing was
            graded.
        penalty: points taken off for lateness.
        problems: why something is not graded, in nbgrader's words.
    """

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    exercises: tuple[ExerciseGrade, ...] = ()
    questions: tuple[ExerciseGrade, ...] = ()
    penalty: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """First and last name; the id when the roster has no name."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def grades(self) -> tuple[ExerciseGrade, ...]:
        """Grades of the exercises and of the questions."""
        return (*self.exercises, *self.questions)

    def grade(self, id: str) -> ExerciseGrade | None:
        """Return the grade of an exercise or question; None when there is none."""
        return next((grade for grade in self.grades if grade.id == id), None)

    @property
    def status(self) -> Status:
        """The worst status among the grades."""
        found = {grade.status for grade in self.grades}
        for status in (Status.NOT_GRADED, Status.WAITS, Status.GRADED):
            if status in found:
                return status
        return Status.NOT_GRADED if self.problems else Status.NOT_SUBMITTED

    @property
    def so_far(self) -> float | None:
        """Sum of the points that are known, less the penalty; None when no points are known."""
        known = [grade.points for grade in self.grades if grade.points is not None]
        return max(round(sum(known) - self.penalty, 6), 0.0) if known else None

    @property
    def pending(self) -> float:
        """Points of the written answers that wait for a reader."""
        return sum(grade.max_points for grade in self.grades if grade.status is Status.WAITS)

    @property
    def total(self) -> float | None:
        """The final points; None while any grade is missing."""
        return self.so_far if self.status is Status.GRADED else None

    @property
    def repairs(self) -> tuple[str, ...]:
        """The repairs that were made to find the answers, each once."""
        kept = (grade.record.repairs for grade in self.exercises if grade.record)
        return tuple(dict.fromkeys(repair for repairs in kept for repair in repairs))

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The misconceptions that the answers match, each once."""
        return tuple(dict.fromkeys(d for grade in self.exercises for d in grade.diagnoses))


@dataclass(frozen=True)
class ClassGrades:
    """The grades of a class for one assignment.

    Attributes:
        assignment: name of the assignment.
        exercises: points of each exercise by its id, in the course's order.
        questions: points of each written question by its id, in the notebook's order.
        students: grades of each student, sorted by id.
    """

    assignment: str
    exercises: dict[str, float]
    questions: dict[str, float]
    students: tuple[StudentGrades, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is left ungraded by the grader's own fault."""
        return all(line.status is not Status.NOT_GRADED for line in self.students)

    @property
    def max_points(self) -> float:
        """The most points that the assignment gives."""
        return sum(self.exercises.values()) + sum(self.questions.values())


def class_grades(
    course: Course, assignment: Assignment, *, students: Iterable[str] | None = None
) -> ClassGrades:
    """Return the grades of a class, from the gradebook and the judge's records.

    Nothing is graded or written. Penalties for lateness follow the present policy.

    Args:
        course: the course.
        assignment: the assignment.
        students: ids of the students to look at; default all in the roster and all who handed in.

    Raises:
        ValueError: the assignment was not released.
    """
    handed_in = set(all_who_handed_in(course, assignment))
    chosen = None if students is None else list(students)
    policy = read_policy(course)
    with open_gradebook(course) as gradebook, gradebook.db.no_autoflush:
        require_released(gradebook, assignment)
        if policy is not None:  # nbgrader's penalties are older than the points given by hand
            settle_in(gradebook, policy, assignment.name, chosen)
        notebook = gradebook.find_notebook(assignment.name, assignment.name)
        max_points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        ids = [exercise.id for exercise in course.exercises_of(assignment)]
        exercises = {id: max_points[f"check-{id}"] for id in ids if f"check-{id}" in max_points}
        questions = {
            name.removeprefix("answer-"): max_points[name]
            for name in _in_order(course, assignment, max_points)
            if name.startswith("answer-")
        }
        known = {student.id: student for student in gradebook.students}
        place = _Shelf(course, gradebook, assignment, list(exercises), list(questions))
        lines = [
            _line(place, id, known.get(id), id in handed_in)
            for id in sorted(known.keys() | handed_in if chosen is None else chosen)
        ]
    return ClassGrades(assignment.name, exercises, questions, tuple(lines))


@dataclass(frozen=True)
class _Shelf:
    """What the grades of students are read from, with the ids of exercises and questions."""

    course: Course
    gradebook: Gradebook
    assignment: Assignment
    exercises: list[str]
    questions: list[str]


def _in_order(course: Course, assignment: Assignment, cells: Iterable[str]) -> list[str]:
    """Return names of grade cells in the order of the released notebook.

    The gradebook keeps no order.
    """
    try:
        notebook = nbformat.read(released_notebook(course, assignment), as_version=4)
    except FileNotFoundError:
        return sorted(cells)
    places = {grade_id_of(cell): place for place, cell in enumerate(notebook.cells)}
    return sorted(cells, key=lambda name: (places.get(name, len(places)), name))


def _line(place: _Shelf, id: str, student: Student | None, handed_in: bool) -> StudentGrades:
    assignment = place.assignment.name
    failure = records.failure(place.course, id, assignment) if handed_in else ""
    line = StudentGrades(
        id,
        (student and student.first_name) or "",
        (student and student.last_name) or "",
        (student and student.email) or "",
        problems=(failure,) if failure else (),
    )
    try:
        submitted = place.gradebook.find_submission_notebook(assignment, assignment, id)
    except MissingEntry:
        never = (failure or "handed in, but never graded",)
        return replace(line, problems=never) if handed_in else line
    grades = {grade.name: grade for grade in submitted.grades}
    return replace(
        line,
        exercises=tuple(
            _exercise_grade(place, id, exercise, grades[f"check-{exercise}"])
            for exercise in place.exercises
            if f"check-{exercise}" in grades
        ),
        questions=tuple(
            _grade(question, grades[f"answer-{question}"], Status.WAITS)
            for question in place.questions
            if f"answer-{question}" in grades
        ),
        penalty=submitted.late_submission_penalty or 0.0,
    )


def _grade(id: str, grade: Grade, when_missing: Status) -> ExerciseGrade:
    """Return a grade with the points that count.

    Points of a person count before those of the judge. Extra credit is added.
    """
    points = grade.auto_score if grade.manual_score is None else grade.manual_score
    if points is not None and grade.extra_credit is not None:
        points += grade.extra_credit
    status = when_missing if points is None else Status.GRADED
    return ExerciseGrade(id, points, grade.max_score, status, grade.manual_score is not None)


def _exercise_grade(place: _Shelf, student: str, exercise: str, grade: Grade) -> ExerciseGrade:
    found = _grade(exercise, grade, Status.NOT_GRADED)
    folder = records.record_folder(place.course, student, place.assignment.name, exercise)
    try:
        record = records.load(folder / records.VERDICT)
    except FileNotFoundError:
        return found
    except (OSError, ValueError) as error:
        return replace(found, problems=(str(error),))
    if (grade.auto_score is None) != (record.points is None):
        return found  # the record is from an earlier run
    run = records.load_run(folder / records.RUN)
    flags = list(map(str, run.get("flags", ())))
    if found.by_hand and grade.needs_manual_grade:
        flags.append(GRADED_SINCE)
    return replace(found, record=record, run=run, flags=tuple(flags))
