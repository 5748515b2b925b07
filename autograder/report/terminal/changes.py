"""Prints what a regrade changes, and whether grades hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.regrading.changes import ExerciseChange, VerdictChange
from autograder.regrading.regrade import Regrade, StudentRegraded
from autograder.regrading.verifying import Verified
from autograder.report.terminal.lines import say
from autograder.student.rendering import WORDS
from autograder.testing.verdicts import Verdict


def print_regrade(regrade: Regrade, console: Console) -> None:
    """Print whose marks change, by how much and why.

    A second table has the number of students who gain or lose points in each test.
    """
    say(console, _summary(regrade))
    if why := _why(regrade):
        say(console, f"Not as it was: {why}.")
    if regrade.moved:
        console.print(_students(regrade.moved))
        console.print(_tests(regrade.moved))
    for student in regrade.students:
        for change in student.exercises:
            if change.by_hand is not None and change.before != change.after:
                say(console, f"{student.student}: {_stands(change)}")
    for student in regrade.failures:
        say(console, f"{student.student} stays as it is: {student.failure}")


def told(change: VerdictChange) -> str:
    """Return the change of a test in words: outcomes, points, and a diagnosis that differs."""
    known = change.known
    name = f"{known.title}{' (hidden)' if known.hidden else ''}"
    if change.before is None:
        said = f"new, {_outcome(change.after)}"
    elif change.after is None:
        said = f"gone, was {_outcome(change.before)}"
    elif change.before.outcome is not change.after.outcome:
        said = f"{_outcome(change.before)}, now {_outcome(change.after)}"
    elif change.before.points != change.after.points:
        said = f"{_outcome(change.after)}, now worth {change.after.max_points:g} points"
    else:
        said = f"{_outcome(change.after)} as before, with another message"
    points = f" ({_signed(change.difference)})" if change.difference else ""
    was, now = (v.diagnosis if v else None for v in (change.before, change.after))
    if was != now:
        said += f"; diagnosis: {now or 'none'}{f', was: {was}' if was else ''}"
    return f"{name}: {said}{points}"


def print_verified(found: Iterable[Verified], console: Console) -> None:
    """Print for each exercise whether its grade holds, or what differs."""
    for each in found:
        points = f"{each.exercise}: {_points(each.points)} points"
        if each.holds:
            say(console, f"{points}, verdict.json is byte-equal")
            continue
        say(console, f"{points}; the gradebook has {_points(each.book)}")
        if not each.difference:
            continue
        say(console, f"  verdict.json differs; changed since: {_listed(each.why)}")
        for line in (*(told(change) for change in each.verdicts), *each.difference):
            say(console, f"  {line}")


def _summary(regrade: Regrade) -> str:
    moved = regrade.moved
    won = [each.difference for each in moved if each.difference > 0]
    lost = [each.difference for each in moved if each.difference < 0]
    words = sum(bool(s.exercises) for s in regrade.students if not s.failure) - len(moved)
    parts = [f"{len(regrade.students)} judged again, {_count(moved, 'mark')} changed"]
    parts += [f"{len(won)} win up to {max(won):g}"] if won else []
    parts += [f"{len(lost)} lose up to {-min(lost):g}"] if lost else []
    parts += [f"{words} with another feedback and the same mark"] if words else []
    parts += [f"{len(regrade.failures)} not judged, by the grader's fault"] * bool(regrade.failures)
    return f"{regrade.assignment}: {'; '.join(parts)}."


def _why(regrade: Regrade) -> str:
    """Return what changed since the class was graded, with the number of students concerned."""
    concerned = Counter(
        word
        for student in regrade.students
        for word in {w for change in student.exercises for w in change.why or (_listed(()),)}
    )
    return ", ".join(f"{word} ({count} students)" for word, count in concerned.items())


def _students(moved: Iterable[StudentRegraded]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("student")
    table.add_column("exercise", overflow="fold")
    for name in ("before", "now", "by"):
        table.add_column(name, justify="right")
    table.add_column("test by test", overflow="fold", ratio=1)
    for student in moved:
        for change in student.exercises:
            if change.moves_the_mark:
                table.add_row(*map(Text, _row(student.student, change)))
    return table


def _row(student: str, change: ExerciseChange) -> tuple[str, ...]:
    verdicts = "\n".join(told(each) for each in change.verdicts) or _listed(change.why)
    points = (_points(change.before), _points(change.after))
    return (student, change.exercise, *points, _signed(change.difference), verdicts)


def _tests(moved: Iterable[StudentRegraded]) -> Table:
    """Return a table with the number of students who gain or lose points in each test."""
    won: Counter[tuple[str, str, bool]] = Counter()
    lost: Counter[tuple[str, str, bool]] = Counter()
    for change in (c for student in moved for c in student.exercises if c.moves_the_mark):
        for verdict in change.verdicts:
            key = (change.exercise, verdict.known.title, verdict.known.hidden)
            won[key] += verdict.difference > 0
            lost[key] += verdict.difference < 0
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("exercise", overflow="fold")
    table.add_column("test", overflow="fold", ratio=1)
    for name in ("win", "lose"):
        table.add_column(name, justify="right")
    for key in won:
        if won[key] or lost[key]:
            exercise, title, hidden = key
            said = (exercise, f"{title}{' (hidden)' if hidden else ''}", won[key], lost[key])
            table.add_row(*(Text(str(each)) for each in said))
    return table


def _stands(change: ExerciseChange) -> str:
    return (
        f"{change.exercise}: the judge gave {_points(change.before)} and now gives "
        f"{_points(change.after)}; the {change.by_hand:g} points given by hand stand"
    )


def _outcome(verdict: Verdict | None) -> str:
    return "" if verdict is None else WORDS[verdict.outcome][1]


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:g}"


def _signed(difference: float) -> str:
    return f"{difference:+g}" if difference else "0"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "nothing: verdicts differ on a second run"


def _count(things: tuple[StudentRegraded, ...], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"
