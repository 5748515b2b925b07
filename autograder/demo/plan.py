"""Reads what a course's demo shows from the table `[tool.course.demo]`.

[tool.course.demo]
class = "examples/class/class.toml"     # the sample class
assignments = ["01", "02", "03"]        # what `course demo` shows; default all
prepare = ["data small"]                # commands of `course`; default the course's own
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import Assignment, Course

TABLE = "[tool.course.demo]"
KNOWN = ("class", "assignments", "prepare")


@dataclass(frozen=True)
class Plan:
    """The contents of a demo.

    Attributes:
        class_file: file of the sample class; see `autograder.demo.sample_class`.
        assignments: the assignments to show, in order.
        prepare: commands of `course` that put on disk the data that the notebooks read.
    """

    class_file: Path
    assignments: tuple[Assignment, ...]
    prepare: tuple[str, ...]


def read_plan(course: Course, *, everything: bool = False) -> Plan:
    """Read what a course's demo shows.

    Args:
        course: the course.
        everything: whether to show all assignments, whatever the table names.

    Raises:
        ValueError: the table is missing, or has a mistake; the message names the key.
    """
    where = f"{course.root / 'pyproject.toml'}: {TABLE}"
    if unknown := sorted(course.demo.keys() - set(KNOWN)):
        raise ValueError(f"{where} has the unknown key {unknown[0]}; known are {', '.join(KNOWN)}")
    class_file = course.demo.get("class")
    if not isinstance(class_file, str):
        raise ValueError(f'{where} should name the sample class, as class = "folder/class.toml"')
    path = course.root / class_file
    if everything:
        return Plan(path, tuple(course.assignments()), course.prepare)
    prefixes = _texts(course.demo, "assignments", where)
    commands = _texts(course.demo, "prepare", where)
    return Plan(
        path,
        tuple(course.assignments() if prefixes is None else map(course.assignment, prefixes)),
        course.prepare if commands is None else commands,
    )


def _texts(table: dict[str, Any], key: str, where: str) -> tuple[str, ...] | None:
    """Return the texts in a list of a table; None when the table lacks the key."""
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{where}: {key} should be a list of texts, not {value!r}")
    return tuple(value)
