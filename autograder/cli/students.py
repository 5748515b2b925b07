"""Commands for students who have installed the course."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.cli.shared import (
    STUDENTS,
    Prefix,
    console,
)

commands = typer.Typer()


@commands.command(rich_help_panel=STUDENTS)
def submit(
    prefix: Prefix,
    student: Annotated[str, typer.Option(help="your id, where the course asks for it")] = "",
) -> None:
    """Run an assignment's public checks in a clean kernel and pack it to hand in."""
    from autograder.student.submit import submit as pack

    console.print(str(pack(prefix, student=student)), markup=False, highlight=False)
