"""Opens nbgrader's gradebook, and says what of it is not graded yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from nbgrader.api import Grade, Gradebook, MissingEntry

from autograder.course import Course
from autograder.environment import put_tools_on_path


def gradebook_file(course: Course) -> Path:
    """The course's gradebook."""
    return course.root / "gradebook.db"


def gradebook_url(course: Course) -> str:
    """The gradebook as nbgrader names it."""
    return f"sqlite:///{gradebook_file(course)}"


@contextmanager
def open_gradebook(course: Course) -> Iterator[Gradebook]:
    """The course's gradebook, made when there is none.

    Raises:
        ValueError: an earlier attempt to make it was interrupted.
    """
    put_tools_on_path()
    require_whole_gradebook(course)
    with Gradebook(gradebook_url(course), course.course_id) as gradebook:
        yield gradebook


def require_whole_gradebook(course: Course) -> None:
    """Refuse a gradebook without a schema version.

    nbgrader makes the tables first and then asks `alembic` for the version; when that is not on
    the PATH, a file stays behind that looks healthy and can never be upgraded.

    Raises:
        ValueError: the file is such a one, or is no database.
    """
    path = gradebook_file(course)
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite3.connect(path)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is not a gradebook ({error}); move it away") from error
    if tables and "alembic_version" not in tables:
        raise ValueError(
            f"{path} is half-made: nbgrader did not find alembic when it was created. Delete it "
            "(or restore a copy), then run `course release` and `course roster` again"
        )


def close_grades(gradebook: Gradebook, notebook: str, assignment: str, student: str) -> None:
    """Before a submission is graded: nothing in it has a score until the judge gives one.

    Were a run interrupted now, the gradebook would say for every exercise that a person must look,
    and neither 0 nor full marks. Scores given by people stay.
    """
    try:
        grades = gradebook.find_submission_notebook(notebook, assignment, student).grades
    except MissingEntry:
        return
    for grade in grades:
        mark_not_graded(grade)
    gradebook.db.commit()


def mark_not_graded(grade: Grade) -> None:
    """Leave a grade without a score, for a person to look at."""
    grade.auto_score = None
    grade.needs_manual_grade = True
