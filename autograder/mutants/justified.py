"""Mutants that are no mistakes: equivalent to the reference, each with the reason why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course import CourseExercise

EQUIVALENT = "equivalent.toml"
KEYS = {"line", "becomes", "reason"}

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Justified:
    """A mutant that may survive.

    Attributes:
        key: `Mutant.key`.
        reason: why nobody can tell it from the reference, or need not.
        file: where that is said.
    """

    key: Key
    reason: str
    file: Path


def read_justified(exercises: Iterable[CourseExercise]) -> dict[Key, Justified]:
    """Return the justified mutants of some exercises.

    They stand in `equivalent.toml` in an exercise's folder, which need not be there, in tables
    `[[equivalent]]`: the `line` as it is in the reference, a list of what it `becomes`, and the
    `reason`.

    Raises:
        ValueError: a table lacks something or says it twice.
    """
    return {each.key: each for exercise in exercises for each in _justified_of(exercise)}


def _justified_of(exercise: CourseExercise) -> Iterator[Justified]:
    file = exercise.folder / EQUIVALENT
    if not file.is_file():
        return
    seen: set[Key] = set()
    tables = tomllib.loads(file.read_text(encoding="utf-8")).get("equivalent", [])
    for number, table in enumerate(tables, 1):
        where = f"{file}, equivalent no. {number}"
        if table.keys() != KEYS or not all(table.values()):
            raise ValueError(f"{where}: give {', '.join(sorted(KEYS))}, and nothing else")
        for becomes in table["becomes"]:
            key = exercise.id, table["line"].strip(), becomes.strip()
            if key in seen:
                raise ValueError(f"{where} says a second time that {key[1:]} is equivalent")
            seen.add(key)
            yield Justified(key, " ".join(table["reason"].split()), file)
