"""Lists the repairs that were made to find answers, for assistants to accept or override."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import nbformat

from autograder.answers.program import program_for
from autograder.course import Assignment, Course
from autograder.gradebook.gradable import chosen_students
from autograder.gradebook.standing import class_grades
from autograder.judge.choices import as_chosen, in_words
from autograder.judge.redaction import legible
from autograder.releasing.student_form import released_notebook
from autograder.submissions.decisions import choices, decide, decided, work_of
from autograder.submissions.reading import StudentCell, SubmittedNotebook, submission_of


@dataclass(frozen=True)
class Repair:
    """A repair: an answer that was found elsewhere than in its own cell, or put together.

    Attributes:
        student: id of the student.
        exercise: id of the exercise.
        points: the student's points for the exercise; None when there are none.
        said: the repairs that were made when the exercise was last graded, in words.
        decision: what an assistant decided, in words; "" when nobody has decided yet.
        graded: whether the points follow the decision.
    """

    student: str
    exercise: str
    points: float | None
    said: tuple[str, ...]
    decision: str
    graded: bool


@dataclass(frozen=True)
class Candidate:
    """A cell that may hold an answer.

    Attributes:
        number: number of the cell, from 1; an assistant chooses a cell by this number.
        cell: the cell.
        names_it: whether the cell names the function or class that the exercise asks for.
        chosen: whether an assistant chose the cell.
    """

    number: int
    cell: StudentCell
    names_it: bool
    chosen: bool


def repairs_of(course: Course, assignment: Assignment) -> Iterator[Repair]:
    """Give all repairs of the last grading of a class, and overrides that wait to be graded."""
    for line in class_grades(course, assignment).students:
        if not line.exercises:
            continue
        submission = submission_of(course, assignment, line.student)
        problems = set(map(legible, submission.problems))
        decisions = decided(course, assignment, line.student, work_of(submission.cells))
        for grade in line.exercises:
            repairs = grade.record.repairs if grade.record else ()
            said = tuple(repair for repair in repairs if repair not in problems)
            chosen = decisions.get(grade.id)
            expected = () if chosen is None else (in_words(chosen),)
            words = in_words(chosen) if chosen is not None else "accepted"
            if said or chosen is not None:
                yield Repair(
                    line.student,
                    grade.id,
                    grade.points,
                    said,
                    words if grade.id in decisions else "",
                    chosen is None or said == expected,
                )


def accept(course: Course, assignment: Assignment, student: str, exercise: str) -> None:
    """Keep the decision that a repair is right."""
    work = _work(course, assignment, student, exercise)
    decide(course, assignment, student, exercise, work=work_of(work.cells), cells=None)


def override(
    course: Course, assignment: Assignment, student: str, exercise: str, cells: Sequence[int]
) -> None:
    """Choose the cells that are the answer when the work of a student is next graded.

    Args:
        course: the course.
        assignment: the assignment.
        student: id of the student.
        exercise: id of the exercise.
        cells: numbers of the cells, joined in the given order (see `candidates_of`); an empty
            sequence when there is no answer.

    Raises:
        ValueError: the submission, the exercise or a cell does not exist, or the cells do not
            define the answer.
    """
    work = _work(course, assignment, student, exercise)
    if wrong := [number for number in cells if not 0 < number <= len(work.cells)]:
        raise ValueError(f"there is no cell {wrong[0]}: it has {len(work.cells)}")
    if cells:
        declared = course.exercise(exercise)
        alone = {"cells": as_chosen(work.for_judge(), exercise, cells)["cells"][-1:]}
        answer = program_for(declared, alone, setup="", bindings={}).answer
        if answer is None or not _is_python(answer.source):
            numbers = ", ".join(map(str, cells))
            raise ValueError(f"{declared.name} is not defined in {numbers} of {student}'s cells")
    decide(course, assignment, student, exercise, work=work_of(work.cells), cells=cells)


def candidates_of(
    course: Course, assignment: Assignment, student: str, exercise: str
) -> list[Candidate]:
    """Return the cells of a submission that may hold the answer to an exercise.

    These are the cells that the student changed or added: code cells, and other cells that name
    the function or class that the exercise asks for.
    """
    work = _work(course, assignment, student, exercise)
    name = course.exercise(exercise).name
    handout = _handout(course, assignment)
    chosen = choices(course, assignment, student, work_of(work.cells)).get(exercise, ())
    found = []
    for number, cell in enumerate(work.cells, 1):
        names_it = bool(re.search(rf"\b{re.escape(name)}\b", cell.source))
        if cell.source.strip() not in handout and (cell.type == "code" or names_it):
            found.append(Candidate(number, cell, names_it, number in chosen))
    return found


def _handout(course: Course, assignment: Assignment) -> set[str]:
    """Return the sources of the released cells that hold no answer unless a student edits them."""
    released = nbformat.read(released_notebook(course, assignment), as_version=4)
    given = (cell for cell in released.cells if not cell.id.startswith("ex-"))
    return {"", *(cell.source.strip() for cell in given)}


def _work(course: Course, assignment: Assignment, student: str, exercise: str) -> SubmittedNotebook:
    """Return a student's submission, after a check that the assignment has the exercise."""
    chosen_students(course, assignment, [student])
    ids = [each.id for each in course.exercises_of(assignment)]
    if exercise not in ids:
        raise ValueError(f"{assignment.name} has no {exercise!r}; it has {', '.join(ids)}")
    return submission_of(course, assignment, student)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
