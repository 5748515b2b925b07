"""Prints the repairs that were made in a class, and the cells that may hold an answer."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.course import Assignment, Course
from autograder.judge.redaction import legible
from autograder.regrading.repairs import Candidate, Repair, candidates_of, repairs_of
from autograder.report.terminal.lines import say

FIRST_LINE = 60  # most characters that are shown of a cell's first line


def print_repairs(found: Sequence[Repair], assignment: Assignment, console: Console) -> None:
    """Print the repairs of a class, and the command that shows a single repair."""
    if not found:
        say(console, f"{assignment.name}: no answer had to be repaired.")
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("student", "exercise", "points", "how the answer was found", "decision"):
        table.add_column(title, overflow="fold")
    for each in found:
        points = "none" if each.points is None else f"{each.points:g}"
        decision = each.decision or "nobody looked yet"
        waits = "" if each.graded else " (not graded yet)"
        row = (each.student, each.exercise, points, "; ".join(each.said), decision + waits)
        table.add_row(*map(Text, row))
    console.print(table)
    say(console, f"To look at one: course repairs {assignment.number} STUDENT EXERCISE")


def print_cells(
    course: Course, assignment: Assignment, student: str, exercise: str, console: Console
) -> None:
    """Print the cells that may hold an answer, with their numbers."""
    candidates = candidates_of(course, assignment, student, exercise)
    for repair in repairs_of(course, assignment):
        if (repair.student, repair.exercise) == (student, exercise):
            say(console, "; ".join(repair.said))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("cell", "type", "id", "begins with", ""):
        table.add_column(title, overflow="fold")
    name = course.exercise(exercise).name
    for each in candidates:
        table.add_row(*map(Text, _row(each, name)))
    console.print(table)
    command = f"course repairs {assignment.number} {student} {exercise}"
    say(console, f"It stands:           {command} --accept")
    say(console, f"Other cells are it:  {command} --use 4   (or --use 4,5: joined)")
    say(console, f"There is no answer:  {command} --none")


def _row(candidate: Candidate, name: str) -> tuple[str, ...]:
    cell = candidate.cell
    first = legible(cell.source.strip().split("\n", 1)[0], FIRST_LINE)
    names = f"names {name}" if candidate.names_it else ""
    mark = "chosen" if candidate.chosen else names
    return (str(candidate.number), cell.type, cell.id, first, mark)
