"""Reads the roster, the list of the students in a class, from a CSV file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("id", "first_name", "last_name", "email")
STUDENT_ID = re.compile(r"[^\W_][\w.@-]{0,63}")
_HARMLESS = re.compile(r"[^<>]*")  # the formgrader does not escape names: a script would run


@dataclass(frozen=True)
class Student:
    """A student in the roster."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def require_student_id(id: str) -> str:
    """Return a student's id, after a check that it can name a folder on every system.

    An id consists of letters, digits and `.@_-`.

    Raises:
        ValueError: the id cannot name a folder.
    """
    if not STUDENT_ID.fullmatch(id) or id.endswith("."):
        raise ValueError(
            f"{id!r} cannot be a student's id: use up to 64 letters, digits and . @ _ - "
            "(a letter or digit first, no dot last)"
        )
    return id


def read_roster(path: Path) -> list[Student]:
    """Return the students in a CSV file with the columns id, first_name, last_name and email.

    Only `id` is needed. Unknown columns are ignored. "First name" is read as `first_name`. Fields
    may be quoted, and the separator may be a comma or a semicolon.

    Raises:
        ValueError: the file cannot be read as a roster; the message names the line.
    """
    return list(read_rows(path)[0].values())


def read_rows(path: Path) -> tuple[dict[str, Student], list[str]]:
    """Return the students in a CSV file by id, and the names of all its columns."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: save it as UTF-8 ({error})") from error
    header = content.split("\n", 1)[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(content, newline=""), delimiter=separator, strict=True)
    try:
        given = reader.fieldnames or ()
        names = ["_".join((name or "").lower().split()) for name in given]
        reader.fieldnames = names
        if "id" not in names:
            raise ValueError(f"the first line should name the columns {', '.join(COLUMNS)}")
        students: dict[str, Student] = {}
        for row in reader:
            if any(value for value in row.values()):
                _add(students, row)
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num + 1}: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}, line {max(reader.line_num, 1)}: {error}") from error
    return students, names


def _add(students: dict[str, Student], row: dict[str, str | None]) -> None:
    if None in row:
        raise ValueError("there are more fields than columns: quote names that hold the separator")
    if None in row.values():
        raise ValueError("there are fewer fields than columns")
    fields = {name: (row.get(name) or "").strip() for name in COLUMNS}
    student = Student(**fields)
    require_student_id(student.id)
    for name in COLUMNS[1:]:
        if not _HARMLESS.fullmatch(fields[name]):
            raise ValueError(f"{fields[name]!r} cannot be a {name}: leave out < and >")
    if student.id in students:
        raise ValueError(f"{student.id!r} is there twice")
    students[student.id] = student
