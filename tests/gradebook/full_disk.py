"""`python -m tests.gradebook.full_disk FOLDER`: work on a disk that fills up, for real.

The folder is a small file system of its own (see `test_full_disk`). In it, a class is taken in and
graded while some bytes are left, then again when there is room. Prints JSON: what was said each
time, who was judged, and the books.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import nbformat
import pytest

from autograder.course import Course
from autograder.gradebook.database import back_up
from autograder.judge.grading import GradedExercise
from autograder.judge.secret import VARIABLE
from autograder.submissions.collect import collect
from tests.gradebook.samples import (
    DOT,
    NORM,
    SECRET,
    ChosenJudge,
    cell,
    full_marks,
    grade_with,
    notebook_of,
    released_course,
    vectors,
)
from tests.gradebook.test_running import STUDENTS, books

KIB = 1024
ROOM = {
    "collect": (0, 24),
    "back up": (0, 40),
    "grade": (0, 200, 250, 300),
}  # KiB that are left


@contextmanager
def only(room: int, folder: Path) -> Iterator[None]:
    """Leave some bytes of a file system."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space left on device"):
            _fill(file)
        file.truncate(max(0, file.tell() - room))
    try:
        yield
    finally:
        filler.unlink()


def _fill(file: IO[bytes]) -> None:
    while True:
        file.write(b"\0" * 4 * KIB)


def said_by(step: Callable[[Course], Any], course: Course) -> str:
    """The error that a step raised, or ""."""
    try:
        step(course)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(folder: Path) -> dict[str, Any]:
    """Try each step with each amount of room."""
    judged: list[str] = []

    def find(notebook: nbformat.NotebookNode) -> dict[str, GradedExercise]:
        judged.append(cell(notebook, "ex-dot")["source"].strip().rpartition("# ")[2])
        return full_marks()

    def grade(course: Course) -> None:
        judged.clear()
        grade_with(ChosenJudge(course, find), course, again=False)

    released = released_course(folder / "released")
    handed_in = folder / "handed-in"
    for student in STUDENTS:
        work = notebook_of(released, ex_dot=f"{DOT}# {student}\n", ex_norm=NORM)
        place = handed_in / student / "01_vectors.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(work), encoding="utf-8")

    def take_in(course: Course) -> None:
        collect(course, handed_in, vectors(course))

    steps: dict[str, Callable[[Course], Any]] = {
        "collect": take_in,
        "back up": back_up,
        "grade": grade,
    }
    tried = []
    for step, rooms in ROOM.items():
        for room in (10_000, *rooms):
            course = Course.find(shutil.copytree(released.root, folder / "course"))
            if step != "collect":
                take_in(course)
            if step == "grade":
                back_up(course)
            with only(room * KIB, folder):
                said = said_by(steps[step], course)
            left = sorted(str(p.name) for p in (course.state / "backups").glob(".*"))
            done = {p.parts[-3] for p in (course.state / "verdicts").glob("*/*/graded.json")}
            take_in(course)
            grade(course)
            tried.append(
                {
                    "step": step,
                    "room": room,
                    "said": said,
                    "left": left,
                    "done": sorted(done),
                    "judged": sorted(judged),
                    "books": _plain(books(course)),
                }
            )
            shutil.rmtree(course.root)
    return {"tried": tried}


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    verdicts = {name: content.decode() for name, content in found["verdicts"].items()}
    return {"grades": sorted(map(repr, found["grades"].items())), "verdicts": verdicts}


if __name__ == "__main__":
    secret = Path(sys.argv[1]) / "secret"
    secret.write_bytes(SECRET)
    os.environ[VARIABLE] = str(secret)
    print(json.dumps(main(Path(sys.argv[1]))))
