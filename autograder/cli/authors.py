"""Commands for authors."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.shared import AUTHORS, console, errors, writes
from autograder.course import Course, CourseExercise
from autograder.course.variants import Variant, WrongAnswer, find_variant

commands = typer.Typer()


@commands.command(rich_help_panel=AUTHORS)
@writes(when=lambda options: not options["check"])
def notebooks(
    check: Annotated[bool, typer.Option("--check", help="only say which are stale")] = False,
) -> None:
    """Build the notebooks from their text sources."""
    from autograder.authoring.notebook import build_notebooks

    course = Course.find()
    changed = build_notebooks(course, check=check)
    for path in changed:
        console.print(f"{'stale' if check else 'built'}: {path.relative_to(course.root)}")
    if check and changed:
        errors.print("Run `make notebooks` and commit what it writes.")
        raise typer.Exit(1)
    if not changed:
        console.print("All notebooks are up to date.")


@commands.command(rich_help_panel=AUTHORS)
def variant(
    exercise: Annotated[str, typer.Argument(help="id of the exercise")],
    name: Annotated[str | None, typer.Argument(help="of the variant; default: list all")] = None,
) -> None:
    """Show a right or wrong answer that tests an exercise's tests: what it is, and its text.

    Of a wrong one also the diagnosis that its feedback must contain, and how its base differs.
    """
    course = Course.find()
    found = course.exercise(exercise)
    if name is None:
        _list_variants(found)
        return
    answer = find_variant(found, name)
    place = answer.file.relative_to(course.root).as_posix()
    _say(f"{answer.name}: {answer.what}")
    if isinstance(answer, WrongAnswer):
        _say(f"Diagnosis: {answer.diagnosis}\nWhere: {place}, line {answer.line}")
        if answer.diff:
            _say(f"\n{answer.diff}")
    else:
        _say(f"Where: {place}")
    _say(f"\n{answer.source.rstrip()}")


def _list_variants(exercise: CourseExercise) -> None:
    variants: tuple[Variant, ...] = (*exercise.right_answers(), *exercise.wrong_answers())
    width = max((len(each.name) for each in variants), default=0)
    for answer in variants:
        kind = "wrong" if isinstance(answer, WrongAnswer) else "right"
        _say(f"{kind}  {answer.name:<{width}}  {answer.what}")


def _say(text: str) -> None:
    """Print a text without reading markup in it, since it holds code."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
