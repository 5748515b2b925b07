"""Grades as CSV: a line a student, a column an exercise; what is not graded stays blank."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.gradebook.grading import ClassGrades, ExerciseGrade, StudentGrades, class_grades

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def export_csv(course: Course, assignment: Assignment, path: Path) -> bool:
    """Write an assignment's grades.

    Returns:
        Whether nothing was left ungraded by the grader's own fault.
    """
    grades = class_grades(course, assignment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(csv_text(grades), encoding="utf-8", newline="")
    return grades.complete


def csv_text(grades: ClassGrades) -> str:
    """An assignment's grades as CSV (RFC 4180).

    `points_so_far` adds up what is graded; `total` is blank as long as anything is missing.
    Texts that a spreadsheet would take for a formula start with an apostrophe.
    """
    names = [*grades.exercises, *grades.questions]
    columns = [
        "student", "last_name", "first_name", "email", *names,
        "late_penalty", "pending", "points_so_far", "total", "max_points", "status",
    ]  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([_safe(column) for column in columns])
    for line in grades.students:
        writer.writerow(_row(grades, line))
    return text.getvalue()


def _row(grades: ClassGrades, line: StudentGrades) -> list[str]:
    people = (line.student, line.last_name, line.first_name, line.email)
    return [
        *map(_safe, people),
        *(_points_of(line.grade(id)) for id in (*grades.exercises, *grades.questions)),
        _number(line.penalty or None),
        _number(line.pending or None),
        _number(line.so_far),
        _number(line.total),
        _number(grades.max_points),
        str(line.status),
    ]


def _points_of(grade: ExerciseGrade | None) -> str:
    return "" if grade is None else _number(grade.points)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
