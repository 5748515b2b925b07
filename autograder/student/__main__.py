"""`python -m autograder.student`: check, pack and update, from the folder of the workspace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from autograder.student.manifest import find_manifest
from autograder.student.submit import check_notebook, submit
from autograder.student.workspace import update


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 0 done, 1 some check did not pass, 2 not possible."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a Windows console may lack a character
    if options.command in ("check", "submit"):
        print("Running the public checks in a clean kernel ...", file=sys.stderr, flush=True)
    try:
        if options.command == "check":
            checked = check_notebook(options.assignment)
            print(checked)
            return 0 if checked.passed else 1
        if options.command == "submit":
            print(submit(options.assignment, student=options.student))
            return 0
        print(update(options.release, find_manifest().root))
        return 0
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m autograder.student", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    help_of_assignment = "number or name of the assignment, such as 01"
    check = commands.add_parser("check", help="run all public checks of a notebook")
    check.add_argument("assignment", help=help_of_assignment)
    pack = commands.add_parser("submit", help="run all public checks, then pack the notebook")
    pack.add_argument("assignment", help=help_of_assignment)
    pack.add_argument("--student", default="", help="your id, where the course asks for it")
    bring_in = commands.add_parser("update", help="bring a corrected release into this folder")
    bring_in.add_argument("release", type=Path, help="the zip of the release")
    return parser


if __name__ == "__main__":
    sys.exit(main())
