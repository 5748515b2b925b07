"""Checks that the folder `submitted/` holds nothing but regular files within limits.

nbgrader copies the files of that folder with the instructor's rights. It follows links, and it
copies before any hook of ours runs.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course import Course
from autograder.judge.redaction import legible
from autograder.submissions.files import CAPS, Caps, entries, problem_of
from autograder.submissions.roster import require_student_id

TIMESTAMP = "timestamp.txt"


def check_submitted(course: Course, caps: Caps = CAPS) -> None:
    """Refuse anything in `submitted/` but regular files within limits.

    Raises:
        ValueError: `submitted/` holds something else; the message names it and the remedy.
    """
    top = course.root / "submitted"
    if not os.path.lexists(top):
        return
    require_folder(top)
    for student in entries(top):
        if student.is_dir(follow_symlinks=False):
            _require_id(Path(student.path))
            for submission in entries(Path(student.path)):
                _check_submission(Path(submission.path), caps)
        elif problem := problem_of(student.stat(follow_symlinks=False), caps.notebook):
            raise _refusal(Path(student.path), problem)


def require_folder(path: Path) -> None:
    """Refuse a link or a file at a path where `submitted/` should have a folder."""
    if os.path.lexists(path) and (problem := _folder_problem(path)):
        raise _refusal(path, problem)


def _require_id(folder: Path) -> None:
    """Refuse a student's folder that `collect` would not have made; hidden folders are ignored."""
    if folder.name.startswith("."):
        return
    try:
        require_student_id(folder.name)
    except ValueError as error:
        raise _refusal(folder, f"no student's folder ({error})") from None


def _check_submission(folder: Path, caps: Caps) -> None:
    files = size = 0
    waiting = [(folder, 0)]
    while waiting:
        path, depth = waiting.pop()
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            if depth > caps.depth:
                raise _refusal(path, f"more than {caps.depth} folders deep")
            waiting += [(Path(entry.path), depth + 1) for entry in entries(path)]
        elif problem := problem_of(status, caps.notebook):
            raise _refusal(path, problem)
        else:
            files, size = files + 1, size + status.st_size
        if files > caps.files or size > caps.submission:
            limits = f"more than {caps.files} files or {caps.submission:,} bytes"
            raise _refusal(folder, limits)
    timestamp = folder / TIMESTAMP
    if timestamp.is_file():
        try:
            parse_utc(timestamp.read_text(encoding="utf-8").strip() or "2000-01-01")
        except (ValueError, OverflowError, TypeError):
            raise _refusal(timestamp, "not a date") from None


def _folder_problem(path: Path) -> str:
    mode = os.lstat(path).st_mode
    return "" if stat.S_ISDIR(mode) else "not a folder but a link or a file"


def _refusal(path: Path, problem: str) -> ValueError:
    one_line = legible(path).replace("\n", " ")
    return ValueError(
        f"{one_line} is {problem}. Nothing is graded while it is there: remove it, and take "
        "submissions in with `course collect`, which leaves such things outside"
    )
