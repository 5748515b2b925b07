"""Reads the rules of assignments: total points, the public share of points, number of exercises.

    [tool.course.assignments]
    points = 100          # of exercises and written questions together
    public_share = 0.5    # at least, of the exercises' points, from public tests
    exercises = [3, 10]   # at least, and at most

    [tool.course.assignments.09_competition]
    exercises = [1, 3]    # another number for this assignment alone

The numbers above are the defaults, except for the exercises of `09_competition`.
`autograder.authoring.lesson` refuses a lesson that breaks the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

TABLE = "[tool.course.assignments]"


@dataclass(frozen=True)
class Rules:
    """The rules of an assignment.

    Attributes:
        points: points of exercises and written questions together.
        public_share: smallest share of the exercises' points from public tests, from 0 to 1.
        exercises: smallest and largest number of exercises.
    """

    points: float = 100
    public_share: float = 0.5
    exercises: tuple[int, int] = (3, 10)


KEYS = tuple(field.name for field in fields(Rules))


def read_rules(table: object, assignments: list[str], file: str) -> dict[str, Rules]:
    """Read the table `[tool.course.assignments]`.

    Args:
        table: content of the table.
        assignments: names of the course's assignments.
        file: path of the pyproject.toml, for messages.

    Returns:
        The rules of every assignment, by name.

    Raises:
        ValueError: a key is unknown, or its value is of another type or out of range.
    """
    if not isinstance(table, dict):
        raise ValueError(f"{file}: {TABLE} should be a table")
    own = {key: value for key, value in table.items() if key not in KEYS}
    if unknown := sorted(key for key in own if key not in assignments):
        raise ValueError(
            f"{file}: {TABLE} has the unknown key {', '.join(unknown)}; known are "
            f"{', '.join(KEYS)} and the assignments {', '.join(assignments) or '(none)'}"
        )
    common = _changed(Rules(), {key: table[key] for key in KEYS if key in table}, TABLE, file)
    return {
        name: _changed(common, own.get(name, {}), f"{TABLE[:-1]}.{name}]", file)
        for name in assignments
    }


def _changed(rules: Rules, table: object, title: str, file: str) -> Rules:
    """Return the rules with the changes that a table states."""
    if not isinstance(table, dict):
        raise ValueError(f"{file}: {title} should be a table")
    if unknown := sorted(table.keys() - set(KEYS)):
        raise ValueError(
            f"{file}: {title} has the unknown key {', '.join(unknown)}; known are {', '.join(KEYS)}"
        )
    try:
        return replace(rules, **{key: READERS[key](value) for key, value in table.items()})
    except _NotSo as error:
        raise ValueError(f"{file}: {title}: {error}") from None


class _NotSo(Exception):
    """A value is wrong; the message says what it should be."""


def _points(value: Any) -> float:
    if type(value) not in (int, float) or value <= 0:
        raise _NotSo("points should be a number more than 0")
    return float(value)


def _share(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise _NotSo("public_share should be a number from 0 to 1")
    return float(value)


def _range(value: Any) -> tuple[int, int]:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or any(type(number) is not int for number in value)
        or not 0 <= value[0] <= value[1]
    ):
        raise _NotSo("exercises should be two whole numbers, at least and at most, as [3, 10]")
    return value[0], value[1]


READERS: dict[str, Callable[[Any], Any]] = {
    "points": _points,
    "public_share": _share,
    "exercises": _range,
}
