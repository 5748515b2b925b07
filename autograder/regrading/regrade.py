"""Grades a class again without changing the gradebook: whose marks change, by how much and why.

The findings are held in a file. Applying them later enters exactly these findings into the
gradebook, and is refused once anything they depend on has changed. Points given by people are never
touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from nbgrader.api import Gradebook

from autograder.course import Assignment, Course
from autograder.gradebook import done
from autograder.gradebook.database import back_up, grades_of, one_engine, open_gradebook
from autograder.gradebook.gradable import chosen_students, require_gradable
from autograder.judge import records
from autograder.judge.grading import GradedExercise, Judge
from autograder.judge.inputs import Inputs, common_inputs
from autograder.judge.records import Record
from autograder.judging.bench import Bench
from autograder.judging.judged import Judged
from autograder.nbgrader.autograde import autograde
from autograder.nbgrader.grade import Progress
from autograder.nbgrader.interrupts import unbroken
from autograder.regrading.changes import ExerciseChange, compare_records
from autograder.regrading.held import Held, JudgedWith, held_file, in_book, what_changed
from autograder.submissions.reading import read_handed_in


@dataclass(frozen=True)
class StudentRegraded:
    """The work of a student, judged again.

    Attributes:
        student: id of the student.
        exercises: the exercises whose grading differs from before.
        failure: why the judge failed, or ""; after a failure the student's grades stay.
    """

    student: str
    exercises: tuple[ExerciseChange, ...] = ()
    failure: str = ""

    @property
    def difference(self) -> float:
        """Points that the student gains, negative for a loss; lateness is not counted."""
        return round(sum(change.difference for change in self.exercises), 6)

    @property
    def moves_the_mark(self) -> bool:
        """Whether the points that count for the student change."""
        return any(change.moves_the_mark for change in self.exercises)

    def to_json(self) -> dict[str, Any]:
        """Return the changes as plain data."""
        return {
            "student": self.student,
            "difference": self.difference,
            "failure": self.failure,
            "exercises": [change.to_json() for change in self.exercises],
        }


@dataclass(frozen=True)
class Regrade:
    """The submissions of a class, judged again.

    Attributes:
        assignment: name of the assignment.
        students: every student whose work was judged again, sorted by id.
        applied: whether the changes are in the gradebook.
    """

    assignment: str
    students: tuple[StudentRegraded, ...]
    applied: bool = False

    @property
    def moved(self) -> tuple[StudentRegraded, ...]:
        """The students whose marks change."""
        return tuple(each for each in self.students if each.moves_the_mark and not each.failure)

    @property
    def failures(self) -> tuple[StudentRegraded, ...]:
        """The students on whose work the grader failed; their marks stay."""
        return tuple(each for each in self.students if each.failure)

    def to_json(self) -> dict[str, Any]:
        """Return the changes as plain data, with the ids of the students without a change."""
        told = [each for each in self.students if each.exercises or each.failure]
        return {
            "assignment": self.assignment,
            "applied": self.applied,
            "changed": [each.to_json() for each in told],
            "unchanged": [each.student for each in self.students if each not in told],
        }


def regrade(
    course: Course,
    assignment: Assignment,
    *,
    bench: Bench,
    students: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> Regrade:
    """Judge a class again, hold the findings in a file, and return what would change.

    Args:
        course: the course.
        assignment: the assignment.
        bench: the bench that judges the submissions.
        students: ids of the students; default all who handed in.
        progress: called after each submission with the id of the student, the number of
            submissions that are done, and the number of all.

    Raises:
        ValueError: the class cannot be graded, for one of the reasons that `grade_class` names.
    """
    require_gradable(course, assignment)
    chosen = chosen_students(course, assignment, students)
    entries: dict[str, Any] = {}
    state = JudgedWith.of(course, assignment, bench.judge)
    works = (read_handed_in(course, assignment, student) for student in chosen)
    with closing(bench.judge_each(assignment, works)) as judged:
        for count, (work, found) in enumerate(judged, start=1):
            entries[work.student] = {
                "work": done.work_digest(work.fingerprint, state.digest),
                "notebook": found.digest,
                "found": json.loads(found.verdicts),
                "book": in_book(course, assignment, work.student),
                "problems": list(work.submission.problems),
            }
            if progress is not None:
                progress(work.student, count, len(chosen))
    held = Held(state, {student: entries[student] for student in sorted(entries)})
    held.write(held_file(course, assignment))
    assert bench.judge.secret is not None
    return _compared(course, assignment, held, bench.judge.secret)


def apply_held(
    course: Course,
    assignment: Assignment,
    *,
    judge: Judge,
    progress: Progress | None = None,
) -> Regrade:
    """Enter the held findings of a regrade into the gradebook, without judging.

    Points given by people stay. A student on whose work the grader failed keeps the earlier grades.
    When this is interrupted, the next call finishes it.

    Args:
        course: the course.
        assignment: the assignment.
        judge: a judge with the sandbox and the secret of the regrade; it judges nothing.
        progress: called after each student with the id of the student, the number of students that
            are done, and the number of all.

    Raises:
        ValueError: no findings are held, or something has changed since; the message says what.
    """
    path = held_file(course, assignment)
    held = Held.read(path, assignment)
    require_gradable(course, assignment)
    assert judge.secret is not None
    secret = judge.secret
    with one_engine():
        state = JudgedWith.of(course, assignment, judge)
        if changed := [*what_changed(course, assignment, held, state)]:
            raise ValueError(
                f"what is held for {assignment.name} no longer holds good: {'; '.join(changed)}. "
                f"Nothing was applied; run `course regrade {assignment.number}` again"
            )
        regraded = _compared(course, assignment, held, secret)
        back_up(course)
        held.begin_applying(path)
        applied = []
        for count, each in enumerate(regraded.students, start=1):
            found = held.judged(each.student, secret)
            with unbroken():
                applied.append(
                    each if each.failure else _apply(course, assignment, each, found, state)
                )
            if progress is not None:
                progress(each.student, count, len(regraded.students))
    path.unlink()
    return Regrade(assignment.name, tuple(applied), applied=True)


def _apply(
    course: Course,
    assignment: Assignment,
    change: StudentRegraded,
    found: Judged,
    state: JudgedWith,
) -> StudentRegraded:
    """Enter the findings in the work of a student into the gradebook.

    Returns:
        The change; with the reason as its `failure` when it could not be entered.
    """
    student = change.student
    work = read_handed_in(course, assignment, student)
    done.mark_undone(course, assignment, student)
    if change.exercises:
        with open_gradebook(course) as gradebook:
            before = _given_by_hand(gradebook, assignment, student)
        if not autograde(course, assignment, work, found):
            return replace(change, failure=records.failure(course, student, assignment.name))
        with open_gradebook(course) as gradebook:
            _leave_to_people(gradebook, assignment, student, before)
    else:  # other tests gave the same verdicts: only the records change, not the gradebook
        common = common_inputs(course, assignment, found.secret)
        for graded in found.grade_notebook(assignment, work.submission.for_judge()).values():
            records.write(
                course,
                student,
                assignment,
                graded,
                common=common,
                problems=work.submission.problems,
            )
    done.mark_done(course, assignment, work, state.digest)
    return change


def _given_by_hand(
    gradebook: Gradebook, assignment: Assignment, student: str
) -> dict[str, tuple[float | None, bool]]:
    """Return what the gradebook has from the judge for the cells that people gave points for.

    Returns:
        For each cell, by name, the judge's points and whether a person must look.
    """
    return {
        grade.name: (grade.auto_score, grade.needs_manual_grade)
        for grade in grades_of(gradebook, assignment.name, student)
        if grade.manual_score is not None
    }


def _leave_to_people(
    gradebook: Gradebook,
    assignment: Assignment,
    student: str,
    before: Mapping[str, tuple[float | None, bool]],
) -> None:
    """Ask a person to look again only where the judge's points have changed.

    Args:
        gradebook: the open gradebook.
        assignment: the assignment.
        student: id of the student.
        before: what the gradebook had before; see `_given_by_hand`.
    """
    for grade in grades_of(gradebook, assignment.name, student):
        score, needed = before.get(grade.name, (None, True))
        if grade.name in before and score == grade.auto_score:
            grade.needs_manual_grade = needed
    gradebook.db.commit()


# comparing ----------------------------------------------------------------------------------------


def _compared(course: Course, assignment: Assignment, held: Held, secret: bytes) -> Regrade:
    common = common_inputs(course, assignment, secret)
    with open_gradebook(course) as gradebook:
        students = tuple(
            _student(course, gradebook, assignment, student, entry, common)
            for student, entry in held.students.items()
        )
    return Regrade(assignment.name, students)


def _student(
    course: Course,
    gradebook: Gradebook,
    assignment: Assignment,
    student: str,
    entry: Mapping[str, Any],
    common: Inputs,
) -> StudentRegraded:
    if failure := entry["found"].get("failure", ""):
        return StudentRegraded(student, failure=failure)
    problems = tuple(entry["problems"])
    grades = {grade.name: grade for grade in grades_of(gradebook, assignment.name, student)}
    changes, failed = [], []
    for id, found in entry["found"]["graded"].items():
        graded = GradedExercise.from_json(found)
        now = records.record_of(assignment, graded, common=common, problems=problems)
        grade = grades.get(f"check-{id}")
        change = compare_records(
            kept_record(course, student, assignment, id),
            now,
            score=grade and grade.auto_score,
            by_hand=grade and grade.manual_score,
        )
        if change is not None:
            changes.append(change)
        if now.points is None:
            failed.append(id)
    failure = f"the grader itself failed on {', '.join(failed)}" if failed else ""
    return StudentRegraded(student, tuple(changes), failure)


def kept_record(
    course: Course, student: str, assignment: Assignment, exercise: str
) -> Record | None:
    """Return the record of an exercise's last grading; None when it is missing or damaged."""
    folder = records.record_folder(course, student, assignment.name, exercise)
    try:
        return records.load(folder / records.VERDICT)
    except (OSError, ValueError):
        return None
