"""Opens nbgrader's gradebook, copies it, and marks grades that have no score."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import nbgrader.api
from nbgrader.api import Grade, Gradebook, MissingEntry

from autograder.course import Course
from autograder.environment import put_tools_on_path

BACKUPS_KEPT = 10
PATIENCE_SECONDS = 30.0


def gradebook_file(course: Course) -> Path:
    """Return the path of the course's gradebook."""
    return course.root / "gradebook.db"


def gradebook_url(course: Course) -> str:
    """Return the address of the gradebook in the form that nbgrader uses."""
    return f"sqlite:///{gradebook_file(course)}"


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the course's gradebook, and make it when there is none.

    Raises:
        ValueError: an earlier attempt to make the gradebook was interrupted, or the file is no
            database.
    """
    put_tools_on_path()
    require_whole_gradebook(course)
    with Gradebook(gradebook_url(course), course.course_id) as gradebook:
        yield gradebook


def require_whole_gradebook(course: Course) -> None:
    """Refuse a gradebook without a schema version.

    nbgrader makes the tables first and then runs `alembic` to write the version. When `alembic` is
    not on the PATH, nbgrader leaves a file that looks healthy and can never be upgraded.

    Raises:
        ValueError: the gradebook has no schema version, or the file is no database.
    """
    path = gradebook_file(course)
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise _corrupt(course, error) from error
    if tables and "alembic_version" not in tables:
        raise ValueError(
            f"{path} is half-made: nbgrader did not find alembic when it was created. Delete it "
            "(or restore a copy), then run `course release` and `course roster` again"
        )


@contextmanager
def one_engine() -> Iterator[None]:
    """Let nbgrader use one database engine, with its compiled queries, for the whole block.

    nbgrader opens the gradebook ten times for each submission. Each time it makes a new engine and
    checks that every table exists. Within the block it does both once.
    """
    create_engine, create_all = nbgrader.api.create_engine, nbgrader.api.Base.metadata.create_all
    seen: set[int] = set()

    def create_once(bind: Any) -> None:
        if id(bind) not in seen:
            create_all(bind=bind)
            seen.add(id(bind))

    nbgrader.api.create_engine = cache(create_engine)
    nbgrader.api.Base.metadata.create_all = create_once
    try:
        yield
    finally:
        nbgrader.api.create_engine = create_engine
        del nbgrader.api.Base.metadata.create_all


def back_up(
    course: Course, *, keep: int = BACKUPS_KEPT, patience: float = PATIENCE_SECONDS
) -> Path | None:
    """Copy the gradebook, and delete all but the latest copies.

    SQLite makes the copy, so that it is whole even while another program writes.

    Args:
        course: the course.
        keep: how many copies to keep.
        patience: seconds to wait while another program writes to the gradebook.

    Returns:
        The copy; None when the course has no gradebook yet.

    Raises:
        ValueError: another program was still writing after `patience` seconds, the gradebook is
            damaged, or there is no room for the copy.
    """
    path = gradebook_file(course)
    if not path.exists():
        return None
    _require_writable(path, patience)
    _require_sound(course)
    folder = course.state / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"gradebook-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
    half_made = folder / f".{name}"
    try:
        with (
            closing(sqlite3.connect(path)) as gradebook,
            closing(sqlite3.connect(half_made)) as copy,
        ):
            gradebook.backup(copy)
    except sqlite3.Error as error:
        for left in folder.glob(f"{half_made.name}*"):  # the copy and its journal
            left.unlink()
        raise ValueError(
            f"no copy of {path} could be made in {folder} ({error}): make room there and grade "
            "again; nothing was changed"
        ) from error
    half_made.rename(folder / name)
    for old in sorted(folder.glob("gradebook-*.db"))[:-keep]:
        old.unlink(missing_ok=True)
    return folder / name


def latest_backup(course: Course) -> Path | None:
    """Return the latest copy of the gradebook; None when there is none."""
    return max((course.state / "backups").glob("gradebook-*.db"), default=None)


def _require_writable(path: Path, patience: float) -> None:
    """Refuse a gradebook that another program holds, before grading starts.

    Otherwise grading would stop in the middle of a class.
    """
    with closing(sqlite3.connect(path, timeout=patience)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
        except sqlite3.OperationalError as error:
            raise ValueError(
                f"{path} cannot be written ({error}): another program has held it for "
                f"{patience:.0f} s. Close it (a database browser, another `course grade`) "
                "and grade again; nothing was changed"
            ) from error


def _require_sound(course: Course) -> None:
    """Refuse a gradebook with damaged pages: a copy of it would push out a sound copy."""
    try:
        with closing(sqlite3.connect(gradebook_file(course))) as connection:
            [(found,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        raise _corrupt(course, error) from error
    if found != "ok":
        raise _corrupt(course, str(found).replace("\n", " "))


def _corrupt(course: Course, why: object) -> ValueError:
    copy = latest_backup(course)
    remedy = f"restore the copy {copy}" if copy else "move it away"
    return ValueError(f"{gradebook_file(course)} is not a gradebook ({why}): {remedy}")


def close_grades(gradebook: Gradebook, notebook: str, assignment: str, student: str) -> None:
    """Take the judge's scores of a submission out of the gradebook, before it is graded.

    If the run is interrupted before the judge gives new scores, the gradebook says for every
    exercise that a person must look, and states neither 0 nor full marks. Points given by people
    stay.
    """
    try:
        grades = gradebook.find_submission_notebook(notebook, assignment, student).grades
    except MissingEntry:
        return
    for grade in grades:
        mark_not_graded(grade)
    gradebook.db.commit()


def grades_of(gradebook: Gradebook, assignment: str, student: str) -> list[Grade]:
    """Return the grades of a submitted notebook; an empty list when it was never graded."""
    try:
        return list(gradebook.find_submission_notebook(assignment, assignment, student).grades)
    except MissingEntry:
        return []


def mark_not_graded(grade: Grade) -> None:
    """Take the judge's score from a grade, and mark the grade for a person to look at."""
    grade.auto_score = None
    grade.needs_manual_grade = True
