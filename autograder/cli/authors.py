"""What authors type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from autograder.cli.shared import (
    AUTHORS,
    Prefixes,
    chosen,
    console,
    errors,
)
from autograder.course import Course

commands = typer.Typer()


@commands.command(rich_help_panel=AUTHORS)
def notebooks(
    check: Annotated[bool, typer.Option("--check", help="only say which are stale")] = False,
) -> None:
    """Build the notebooks from their text sources."""
    from autograder.build.notebook import build_notebooks

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
def reference(
    prefixes: Prefixes = None,
    to: Annotated[Path | None, typer.Option(help="folder for the executed notebooks")] = None,
) -> None:
    """Run the reference notebooks, top to bottom."""
    from autograder.build.execute import execute_notebook

    course = Course.find()
    folder = to or course.state / "reference"
    table = Table("notebook", "seconds", "what happened", title="Reference notebooks")
    failed = False
    for assignment in chosen(course, prefixes):
        with console.status(f"Running {assignment.name} ..."):
            run = execute_notebook(assignment.ipynb, folder / f"{assignment.name}.ipynb")
        table.add_row(assignment.name, f"{run.seconds:.1f}", run.summary)
        failed |= bool(run.errors)
    console.print(table)
    if failed:
        raise typer.Exit(1)
