"""Keeps the trail of marks: a line of JSON for each change of the judge's points for an exercise.

Points given by hand are in the gradebook, not in the trail.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.course import Course

NAME = "marks.jsonl"


def trail_file(course: Course) -> Path:
    """Return the file of the trail, which only its owner can read."""
    return course.state / NAME


def note_mark(course: Course, **what: Any) -> None:
    """Add a line to the trail.

    Args:
        course: the course.
        what: the change of the mark, such as student, exercise and points; the user and the time
            are added.
    """
    line = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "who": _user(), **what}
    path = trail_file(course)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")  # in a single write: other processes add lines, too


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the account has no name
        return str(os.getuid())
