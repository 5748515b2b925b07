"""Commands on the machine that the course is on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from autograder.cli.shared import (
    MACHINE,
    console,
    errors,
)
from autograder.course import Course, writing

commands = typer.Typer()


@commands.command(rich_help_panel=MACHINE)
def doctor() -> None:
    """Say what this machine has, and how to mend what is missing."""
    from autograder.doctor import examine

    table = Table("", "subject", "found", "needed for")
    remedies = []
    for finding in examine(Course.find()):
        table.add_row(
            "ok" if finding.healthy else "MISSING",
            finding.subject,
            finding.state,
            finding.needed_for,
        )
        if not finding.healthy:
            remedies.append(f"{finding.subject}: {finding.remedy}")
    console.print(table)
    for remedy in remedies:
        console.print(remedy, markup=False, highlight=False)
    if remedies:
        raise typer.Exit(1)


@commands.command(rich_help_panel=MACHINE)
def demo(
    everything: Annotated[
        bool, typer.Option("--all", help="all assignments; by default those of the course's demo")
    ] = False,
) -> None:
    """Grade a small class of sample submissions, from data to report."""
    from autograder.demo.run import run_demo

    course = Course.find()
    with writing(course, "course demo", warn=errors.print, name="demo"):
        run_demo(course, console, prepare=_run_commands, everything=everything)


@commands.command(rich_help_panel=MACHINE)
def prepare() -> None:
    """Put on disk what the course's notebooks and tests read; what is there already stays."""
    _run_commands(Course.find().prepare)


def _run_commands(commands: Iterable[str]) -> None:
    """Run commands of `course`, such as those that the course itself adds.

    Raises:
        CalledProcessError: one of them failed.
    """
    for command in commands:
        subprocess.run([sys.executable, "-m", "autograder.cli", *command.split()], check=True)


@commands.command(rich_help_panel=MACHINE)
def lab() -> None:
    """Start JupyterLab with nbgrader's extensions, in the course's folder."""
    course = Course.find()
    command = [sys.executable, "-m", "jupyterlab", "--notebook-dir", str(course.root)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    raise typer.Exit(subprocess.run(command, cwd=course.root, check=False).returncode)
