"""The tests of an exercise in the student's own process: what a cell of a peer's notebook calls."""

import os
from pathlib import Path

from autograder.course import Course
from autograder.testing.session import run_tests
from autograder.testing.submission import InProcess, Submission
from autograder.testing.verbs import Server


def passes(exercise: str, answer: object) -> bool:
    """Whether an answer passes all tests, public and hidden, of an exercise."""
    course = Course.find(Path(os.environ["BENCHMARKED_COURSE"]))
    chosen = course.exercise(exercise)
    server = Server(
        lambda: answer,
        probes=course.tests / "probes",
        library=course.library_name,
    )
    modules = chosen.test_modules()
    verdicts = run_tests(exercise, modules, lambda: Submission(InProcess(server)), root=course.root)
    return all(verdict.points == verdict.max_points for verdict in verdicts)
