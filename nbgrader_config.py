"""Makes this checkout an nbgrader course."""

from pathlib import Path

from autograder.build.student_form import configure_release
from autograder.course import Course

c = get_config()  # noqa: F821 - nbgrader provides it

configure_release(c, Course.find(Path(__file__)))
