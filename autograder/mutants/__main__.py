"""`python -m autograder.mutants [EXERCISE ...] [--write]`: which mutants does no test notice?

Exits with 1 when a mutant survives that is not justified, when a test raises on a mutant, or when a
justification no longer holds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from autograder.course import Course, CourseExercise
from autograder.mutants.justified import read_justified
from autograder.mutants.mutation import Mutant, diff
from autograder.mutants.survey import Survey, Survivors, page, survey, survivors_of, table
from autograder.mutants.trial import Fate, MutantTrial

PAGE = Path("docs") / "measured" / "mutants.md"

console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants, print what survived, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m autograder.mutants", description=__doc__)
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE", help="default: all")
    parser.add_argument("--write", action="store_true", help=f"rewrite {PAGE}")
    parser.add_argument("--jobs", type=int, default=2, help="processes to use (default: 2)")
    options = parser.parse_args(arguments)
    if options.write and options.exercises:
        parser.error("--write needs all exercises: name none")
    began = time.monotonic()
    try:
        course = Course.find()
        exercises = [course.exercise(id) for id in options.exercises] or course.exercises()
        justified = read_justified(exercises)
        surveys = _survey(course, exercises, options.jobs)
    except ValueError as error:
        console.print(f"mutants: {error}", style="bold", markup=False)
        return 2
    found = survivors_of(surveys, justified)
    _report(found)
    _print_table(table(surveys, justified))
    died, late = (sum(s.count(fate) for s in surveys) for fate in (Fate.DIED, Fate.OUT_OF_TIME))
    console.print(f"{time.monotonic() - began:.0f} s; {died} died and {late} ran out of time")
    if options.write:
        path = course.root / PAGE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(course, surveys, justified), encoding="utf-8")
        console.print(f"wrote {PAGE}")
    return 1 if found else 0


def _survey(course: Course, exercises: Sequence[CourseExercise], jobs: int) -> list[Survey]:
    """Try the mutants of exercises, and show a progress bar; see `survey`."""
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("mutants", total=None)

        def on_trial(mutant: Mutant, trial: MutantTrial) -> None:
            progress.update(task, advance=1, description=mutant.exercise)

        return survey(
            course,
            exercises,
            jobs=jobs,
            on_start=lambda count: progress.update(task, total=count),
            on_trial=on_trial,
        )


def _report(found: Survivors) -> None:
    """Print the mutants that a person must look at."""
    for mutant in found.unnoticed:
        _print_mutant("no test notices this mutant", mutant)
    for mutant, trial in found.broken_tests:
        _print_mutant(f"a test broke on this mutant: {trial.complaint}", mutant)
    for one in found.outdated:
        exercise, line, becomes = one.key
        text = f"{one.file}: no such mutant of {exercise} survives; take it out"
        console.print(f"\n{text}\n{diff(line, becomes)}", markup=False, soft_wrap=True)


def _print_mutant(what: str, mutant: Mutant) -> None:
    text = f"\n{mutant.exercise}: {what} ({mutant.operator})\n{diff(mutant.line, mutant.becomes)}"
    console.print(text, markup=False, soft_wrap=True)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    head, *rest = rows
    shown = Table(*head, box=None)
    for row in rest:
        shown.add_row(*row)
    console.print(shown)


if __name__ == "__main__":
    raise SystemExit(main())
