"""``python -m course_lib``: the commands of ``cli``."""

from course_lib.cli import app

app()
