"""Enters the roster into the gradebook, and lists the students in the gradebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.gradebook.database import gradebook_file, open_gradebook
from autograder.submissions.roster import COLUMNS, read_rows


@dataclass(frozen=True)
class Entered:
    """The result of `enter_roster`.

    Attributes:
        count: number of students in the file.
        passed_over: names of the columns that were not used.
    """

    count: int
    passed_over: tuple[str, ...]


def enter_roster(course: Course, path: Path) -> Entered:
    """Enter the students of a CSV file (see `read_roster`) into the gradebook.

    A student who is in the gradebook already gets the names in the file. No student is removed.
    """
    students, columns = read_rows(path)
    with open_gradebook(course) as gradebook:
        for student in students.values():
            names = {name: getattr(student, name) or None for name in COLUMNS[1:]}
            gradebook.update_or_create_student(student.id, **names)
    return Entered(len(students), tuple(name for name in columns if name not in COLUMNS))


def known_students(course: Course) -> set[str] | None:
    """Return the ids of the students in the gradebook; None when there is no roster yet."""
    if not gradebook_file(course).exists():
        return None
    with open_gradebook(course) as gradebook:
        return {student.id for student in gradebook.students} or None
