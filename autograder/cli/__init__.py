"""The command `course`, with its subcommands grouped by who uses them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import typer

from autograder.cli import assistants, authors, instructors, machine, students
from autograder.cli.shared import MACHINE, errors
from autograder.course import Course, importable
from autograder.environment import leave_out_grammars, put_tools_on_path

app = typer.Typer(
    help="Build, release, grade and look after a course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for each in (instructors, assistants, authors, students, machine):
    app.add_typer(each.commands)


def main() -> None:
    """Run the command; report a mistake of the user in one clear line, without a stack."""
    put_tools_on_path()
    leave_out_grammars()
    try:
        course = Course.find()
        if not _is_of_the_kit(sys.argv[1:]):
            _add_commands_of(course)
        app()
    except (ValueError, LookupError, OSError, subprocess.CalledProcessError) as error:
        if os.environ.get("COURSE_DEBUG"):
            raise
        said: object = error
        if isinstance(error, OSError) and error.filename and error.strerror:
            said = f"{error.filename}: {error.strerror}"
        errors.print(f"course: {said}", style="bold", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2) from None


def _is_of_the_kit(arguments: list[str]) -> bool:
    """Return whether the command is the kit's, so that the course's commands need not be loaded."""
    known = {
        command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        for group in app.registered_groups
        for command in (group.typer_instance.registered_commands if group.typer_instance else ())
    }
    return bool(known.intersection(arguments[:1]))


def _add_commands_of(course: Course) -> None:
    """Add the commands that the course itself defines: `course data ...`, and those of the library.

    They are defined in a module `cli` of the data scripts, or of the library, by a typer app named
    `app`.
    """
    for name, folder, group in (
        (course.data_name, course.data, "data"),
        (course.library_name, course.library, None),
    ):
        if not (folder / "cli.py").is_file():
            continue
        with importable(course.root):
            commands = importlib.import_module(f"{name}.cli").app
        if group:
            app.add_typer(commands, name=group, rich_help_panel=MACHINE)
        else:
            app.add_typer(commands)
