"""A course on disk: its table, assignments and exercises, their solutions, and its editions.

The kit knows nothing about the course that it serves. The table `[tool.course]` of the course's
pyproject.toml says where its parts are; this package reads everything from that table and from the
files.
"""

from autograder.course.course import Assignment, Course, CourseExercise
from autograder.course.declarations import importable
from autograder.course.lock import CheckoutInUse, writing

__all__ = [
    "Assignment",
    "CheckoutInUse",
    "Course",
    "CourseExercise",
    "importable",
    "writing",
]
