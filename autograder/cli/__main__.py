"""Runs the command `course` by `python -m autograder.cli`."""

from autograder.cli import main

main()
