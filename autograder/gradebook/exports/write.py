"""Writes the files of `course export`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

from autograder.course import Assignment, Course
from autograder.gradebook.exports.canvas import canvas_text
from autograder.gradebook.exports.gradescope import gradescope_results
from autograder.gradebook.exports.moodle import moodle_text
from autograder.gradebook.exports.sheet import csv_text
from autograder.gradebook.standing import ClassGrades, class_grades


class Format(StrEnum):
    """The form in which grades are exported."""

    CSV = "csv"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"


def export(
    course: Course,
    assignment: Assignment,
    format: Format,
    to: Path | None = None,
    *,
    per_exercise: bool = False,
) -> tuple[Path, bool]:
    """Write an assignment's grades, as they stand now; see `write_grades`."""
    return write_grades(class_grades(course, assignment), format, to, per_exercise=per_exercise)


def write_grades(
    grades: ClassGrades, format: Format, to: Path | None = None, *, per_exercise: bool = False
) -> tuple[Path, bool]:
    """Write the grades of a class in one of the formats.

    Args:
        grades: the grades of one assignment.
        format: the format.
        to: the file, or the folder for Gradescope; by default the name is made of the assignment
            and the format.
        per_exercise: whether Canvas and Moodle get a column for each exercise, not the total.

    Returns:
        The file or folder that was written, and whether nothing was left ungraded by the grader's
        own fault.
    """
    if format is Format.GRADESCOPE:
        path = to or Path(f"{grades.assignment}-gradescope")
        _write_results(grades, path)
    else:
        suffix = "" if format is Format.CSV else f"-{format}"
        path = to or Path(f"{grades.assignment}{suffix}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(grades, format, per_exercise), encoding="utf-8", newline="")
    return path, grades.complete


def _text(grades: ClassGrades, format: Format, per_exercise: bool) -> str:
    if format is Format.CANVAS:
        return canvas_text(grades, per_exercise=per_exercise)
    if format is Format.MOODLE:
        return moodle_text(grades, per_exercise=per_exercise)
    return csv_text(grades)


def _write_results(grades: ClassGrades, folder: Path) -> None:
    """Write `STUDENT/results.json` for each student.

    A file of an earlier export is deleted when the student now has no results.
    """
    for line in grades.students:
        path = folder / line.student / "results.json"
        results = gradescope_results(line)
        if results is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
