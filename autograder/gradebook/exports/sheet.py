"""Makes a CSV of grades: a line for each student, a column for each exercise.

An exercise that is not graded stays blank. The totals are our own, because nbgrader's export counts
an exercise that is not graded as 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from autograder.gradebook.standing import ClassGrades, ExerciseGrade, StudentGrades

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(grades: ClassGrades) -> str:
    """Return the grades of an assignment as CSV (RFC 4180).

    `points_so_far` is the sum of the points that are known; `total` is blank while any grade is
    missing. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    names = [*grades.exercises, *grades.questions]
    columns = [
        "student", "last_name", "first_name", "email", *names,
        "late_penalty", "pending", "points_so_far", "total", "max_points", "status",
    ]  # fmt: skip
    return sheet([map(safe, columns), *(_row(grades, line) for line in grades.students)])


def sheet(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as CSV, with quotes where they are needed."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def points_text(grade: ExerciseGrade | None) -> str:
    """Return the points of an exercise or question as text; "" when there are none."""
    return "" if grade is None else number(grade.points)


def number(value: float | None) -> str:
    """Return a number as text without trailing zeros; "" for None."""
    return "" if value is None else f"{value:.10g}"


def safe(text: str) -> str:
    """Return a text in a form that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _row(grades: ClassGrades, line: StudentGrades) -> list[str]:
    people = (line.student, line.last_name, line.first_name, line.email)
    return [
        *map(safe, people),
        *(points_text(line.grade(id)) for id in (*grades.exercises, *grades.questions)),
        number(line.penalty or None),
        number(line.pending or None),
        number(line.so_far),
        number(line.total),
        number(grades.max_points),
        str(line.status),
    ]
