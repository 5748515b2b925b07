"""Chooses the columns of points that a learning platform gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from autograder.gradebook.exports.sheet import number, points_text
from autograder.gradebook.standing import ClassGrades, StudentGrades


@dataclass(frozen=True)
class Column:
    """A column of points.

    Attributes:
        title: title of the platform's assignment or grade item.
        max_points: most points in the column.
        cell: returns a student's points as text; "" when there are none.
    """

    title: str
    max_points: float
    cell: Callable[[StudentGrades], str]


def columns(grades: ClassGrades, *, per_exercise: bool) -> list[Column]:
    """Return one column with the final total, or a column for each exercise and question.

    A platform adds its columns up, so it gets either the total or the parts. A last column beside
    the parts has the penalty for lateness, which is below 0 or blank.
    """
    if not per_exercise:
        return [Column(grades.assignment, grades.max_points, lambda line: number(line.total))]
    parts = [
        Column(f"{grades.assignment}: {id}", points, partial(_points, id=id))
        for id, points in (grades.exercises | grades.questions).items()
    ]
    late = Column(f"{grades.assignment}: late", 0.0, lambda line: number(-line.penalty or None))
    return [*parts, *([late] if any(line.penalty for line in grades.students) else [])]


def _points(line: StudentGrades, id: str) -> str:
    return points_text(line.grade(id))
