"""What authors type."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.shared import AUTHORS, console, errors, writes
from autograder.course import Course

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
