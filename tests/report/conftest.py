"""The report is on the same released course that the tests of the gradebook use."""

from tests.gradebook.conftest import course, grade, own_secret, released

__all__ = ["course", "grade", "own_secret", "released"]
