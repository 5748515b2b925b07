"""What the commands share: their console, the panels of the help, and common arguments."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from autograder.course import Assignment, Course

console = Console()
errors = Console(stderr=True)

INSTRUCTORS, ASSISTANTS, AUTHORS = "For instructors", "For assistants", "For authors"
STUDENTS, MACHINE = "For students", "On this machine"

Prefix = Annotated[str, typer.Argument(help="an assignment, by a unique prefix such as 02")]
Prefixes = Annotated[
    list[str] | None, typer.Argument(help="assignments, by unique prefixes; default all")
]
UnsandboxedOption = Annotated[
    bool,
    typer.Option("--unsandboxed", help="run submissions without a sandbox: trusted work only"),
]


def chosen(course: Course, prefixes: list[str] | None) -> list[Assignment]:
    """The assignments of those prefixes; all when there are none."""
    if not prefixes:
        return course.assignments()
    return [course.assignment(prefix) for prefix in prefixes]
