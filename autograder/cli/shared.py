"""Defines what the commands share: consoles, the panels of the help, and common arguments."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from autograder.course import Assignment, Course, writing

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")

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
    """Return the assignments with the given prefixes; all assignments when no prefix is given."""
    if not prefixes:
        return course.assignments()
    return [course.assignment(prefix) for prefix in prefixes]


def writes(
    command: Callable[Arguments, Returned] | None = None,
    *,
    when: Callable[[dict[str, Any]], bool] = lambda options: True,
) -> Any:
    """Keep other commands from writing while a command runs.

    A second command waits, or says who uses the checkout.

    Args:
        command: function of the command.
        when: returns whether the command writes, given its options; a command that only reads
            never waits.
    """

    def alone(command: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        @functools.wraps(command)
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
            if not when(kwargs):
                return command(*args, **kwargs)
            typed = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
            with writing(Course.find(), typed, warn=_warn):
                return command(*args, **kwargs)

        return run

    return alone if command is None else alone(command)


def _warn(line: str) -> None:
    errors.print(line, markup=False, highlight=False)
