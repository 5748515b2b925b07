"""Checks that the work of a student, graded again, gives the same records byte for byte."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from autograder.course import Assignment, Course
from autograder.gradebook.database import grades_of, open_gradebook
from autograder.gradebook.gradable import chosen_students, require_gradable
from autograder.judge import records
from autograder.judge.grading import Judge
from autograder.judge.inputs import common_inputs
from autograder.judging.judged import judge_one
from autograder.regrading.changes import NO_RECORD, VerdictChange, differences
from autograder.regrading.regrade import kept_record
from autograder.submissions.reading import submission_of


@dataclass(frozen=True)
class Verified:
    """The record of an exercise (`verdict.json`), compared with what the judge finds now.

    Attributes:
        exercise: id of the exercise.
        points: points that the judge gives now; None when the grader itself failed.
        book: the judge's points in the gradebook; None when there are none.
        why: what changed since the record was written, in words.
        verdicts: the tests whose verdicts differ.
        difference: lines of a unified diff of the record; empty when it is byte-equal.
    """

    exercise: str
    points: float | None
    book: float | None
    why: tuple[str, ...]
    verdicts: tuple[VerdictChange, ...]
    difference: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the record is byte-equal and the gradebook has its points."""
        return not self.difference and self.points == self.book


def verify_grade(
    course: Course, assignment: Assignment, student: str, *, judge: Judge
) -> list[Verified]:
    """Grade the work of a student again and compare the result with the records.

    Nothing is written.

    Raises:
        ValueError: the student did not hand in, or was never graded.
        JudgeFailed: the grader itself failed; the message says why.
    """
    require_gradable(course, assignment)
    chosen_students(course, assignment, [student])
    with open_gradebook(course) as gradebook:
        grades = grades_of(gradebook, assignment.name, student)
        book = {grade.name: grade.auto_score for grade in grades}
    if not book:
        raise ValueError(f"{student} was never graded: run `course grade {assignment.number}`")
    submission = submission_of(course, assignment, student)
    notebook = submission.for_judge()
    judged = judge_one(judge, assignment, notebook)
    found = judged.grade_notebook(assignment, notebook)
    common = common_inputs(course, assignment, judged.secret)
    return [
        _verified(
            course,
            assignment,
            student,
            records.record_of(assignment, graded, common=common, problems=submission.problems),
            book.get(f"check-{id}"),
        )
        for id, graded in found.items()
    ]


def _verified(
    course: Course,
    assignment: Assignment,
    student: str,
    now: records.Record,
    book: float | None,
) -> Verified:
    id = now.result.exercise
    path = records.record_folder(course, student, assignment.name, id) / records.VERDICT
    kept = path.read_bytes() if path.is_file() else b""
    again = records.content(now)
    before = kept_record(course, student, assignment, id)
    lines = () if kept == again else _diff(kept, again)
    why = now.inputs.changed_since(before.inputs) if before else (NO_RECORD,)
    return Verified(id, now.points, book, why, differences(before, now), lines)


def _diff(kept: bytes, again: bytes) -> tuple[str, ...]:
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (kept, again))
    return tuple(difflib.unified_diff(before, after, "kept", "again", lineterm="", n=1))
