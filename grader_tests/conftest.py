"""`pytest grader_tests` runs every test on the reference, and every variant through the judge."""

from autograder.judge.fixtures import draw, submission

__all__ = ["draw", "submission"]
