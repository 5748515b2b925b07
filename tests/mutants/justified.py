"""Mutants that are no mistakes: equivalent to the reference, each with the reason why."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
KEYS = {"exercise", "line", "becomes", "reason"}

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Justified:
    """A mutant that may survive.

    Attributes:
        key: `Mutant.key`.
        reason: why nobody can tell it from the reference, or need not.
    """

    key: Key
    reason: str


def read_justified(path: Path = EQUIVALENT) -> dict[Key, Justified]:
    """The justified mutants of a file with tables `[[equivalent]]`.

    Each has an `exercise`, the `line` as it is in the reference, a list of what it `becomes`, and
    the `reason`.

    Raises:
        ValueError: a table lacks something or says it twice.
    """
    found: dict[Key, Justified] = {}
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    for number, table in enumerate(tables, 1):
        where = f"{path.name}, equivalent no. {number}"
        if table.keys() != KEYS or not all(table.values()):
            raise ValueError(f"{where}: give {', '.join(sorted(KEYS))}, and nothing else")
        for becomes in table["becomes"]:
            key = table["exercise"], table["line"].strip(), becomes.strip()
            if key in found:
                raise ValueError(f"{where} says a second time that {key[1:]} is equivalent")
            found[key] = Justified(key, " ".join(table["reason"].split()))
    return found
