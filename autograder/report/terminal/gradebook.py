"""Prints the gradebook of an assignment as a table."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.gradebook.standing import ClassGrades, ExerciseGrade, Status, StudentGrades

WIDE = 110  # columns; a narrower terminal has no room for sentences in the table
NAMED = 7  # most exercises whose names have room in the table's head
LONG_NAME = 8  # characters; a longer name is broken in the table's head


def print_gradebook(grades: ClassGrades, console: Console) -> None:
    """Print for each student the points by exercise, what waits, the total, and misconceptions.

    On a narrow terminal, misconceptions are printed under the table. When there are many exercises,
    their columns have numbers, and the names are printed under the table, too.
    """
    is_wide = console.width >= WIDE
    title = f"{grades.assignment} ({grades.max_points:g} points)"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("student")
    heads = _heads(list(grades.exercises))
    for name, points in zip(heads, grades.exercises.values(), strict=True):
        table.add_column(f"{name}\n/{points:g}", justify="right")
    table.add_column(f"written\n/{sum(grades.questions.values()):g}", justify="right")
    table.add_column("total", justify="right")
    if is_wide:
        table.add_column("what was misunderstood", overflow="fold")
    for line in grades.students:
        points_of = (_shown(line.grade(id)) for id in grades.exercises)
        row = [line.student, *points_of, _written(line), _total(line)]
        row += ["; ".join(_noted(line))] if is_wide else []
        table.add_row(*map(Text, row))  # Text keeps rich from reading markup in it
    console.print(table)
    if len(heads) > NAMED:
        named = zip(heads, grades.exercises, strict=True)
        console.print(", ".join(map(" ".join, named)), markup=False, highlight=False)
    for line in grades.students:
        below = [] if is_wide else _noted(line)
        for said in (*below, *line.problems, *line.repairs):
            console.print(f"{line.student}: {said}", markup=False, highlight=False)


def _heads(ids: list[str]) -> list[str]:
    """Return the heads of the exercises' columns: names, or numbers for many exercises."""
    if len(ids) > NAMED:
        return [str(number) for number in range(1, len(ids) + 1)]
    return [id.replace("_", "_\n") if len(id) > LONG_NAME else id for id in ids]


def _noted(line: StudentGrades) -> list[str]:
    """Return a student's misconceptions, and what an assistant should know."""
    noted = [*line.diagnoses, *(flag for grade in line.exercises for flag in grade.flags)]
    if line.exercises and all(grade.not_started for grade in line.exercises):
        noted.append("nothing answered yet")
    return list(dict.fromkeys(noted))


def _shown(grade: ExerciseGrade | None) -> str:
    if grade is None:
        return ""
    if grade.points is None:
        return str(grade.status)
    return f"{grade.points:g}{'*' if grade.by_hand else ''}"


def _written(line: StudentGrades) -> str:
    known = [grade.points for grade in line.questions if grade.points is not None]
    parts = [f"{sum(known):g}"] if known else []
    return " + ".join([*parts, *([f"{line.pending:g} pending"] if line.pending else [])])


def _total(line: StudentGrades) -> str:
    if line.total is not None:
        return f"{line.total:g}"
    if line.status is Status.WAITS:
        return f"{line.so_far or 0:g} so far"
    return str(line.status)
