"""Reads the mutants that are justified: each is equivalent to the reference for a stated reason."""

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
        key: key of the mutant; see `Mutant.key`.
        reason: why nobody can tell the mutant from the reference, or why nobody has to.
        file: file that states the reason.
    """

    key: Key
    reason: str
    file: Path


def read_justified(exercises: Iterable[CourseExercise]) -> dict[Key, Justified]:
    """Return the justified mutants of exercises, by key.

    They are listed in the file `equivalent.toml` in an exercise's folder, which is optional. A
    table `[[equivalent]]` has the `line` of the reference, a list of what it `becomes`, and the
    `reason`.

    Raises:
        ValueError: a table lacks a key or has an unknown key, or a mutant is listed twice.
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
