"""A course on disk: its table, assignments and exercises, their solutions, and its editions.

The kit knows nothing of the course that it serves. A course says where its parts are in the table
`[tool.course]` of its pyproject.toml; everything here comes from that table and from the files.
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
