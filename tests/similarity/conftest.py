"""The similarity page is on the same released course that the tests of the gradebook use."""

from tests.gradebook.conftest import course, own_secret, released

__all__ = ["course", "own_secret", "released"]
