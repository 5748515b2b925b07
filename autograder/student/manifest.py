"""What a student's workspace knows of its exercises: titles, points, hints, and where tests are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

FILE = "manifest.json"
MAKERS = "autograder.manifest"
"""Group of entry points: the function that makes the manifest of a checkout."""


@dataclass(frozen=True)
class TestTitle:
    """A test, as students know it."""

    __test__ = False  # not a test of pytest's

    title: str
    points: float


@dataclass(frozen=True)
class ExerciseEntry:
    """An exercise, as students know it.

    Attributes:
        id: see `autograder.testing.declarations.Exercise`, as all that is not named here.
        name: name that the answer defines.
        assignment: name of its assignment, which is also its notebook's.
        tests: file of its public tests, relative to the workspace.
        public, hidden: its tests.
    """

    id: str
    name: str
    object: str
    title: str
    assignment: str
    tests: str
    points: float
    difficulty: int
    minutes: int
    hints: tuple[str, ...] = ()
    artifact: str = ""
    public: tuple[TestTitle, ...] = ()
    hidden: tuple[TestTitle, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The entry as plain data."""
        plain = {key: value for key, value in vars(self).items() if key not in ("public", "hidden")}
        plain["hints"] = list(self.hints)
        for part in ("public", "hidden"):
            plain[part] = [vars(test) for test in getattr(self, part)]
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExerciseEntry:
        """The inverse of `to_json`."""
        parts = {p: tuple(TestTitle(**test) for test in data[p]) for p in ("public", "hidden")}
        return cls(**{**data, "hints": tuple(data["hints"]), **parts})


@dataclass(frozen=True)
class Manifest:
    """The exercises of a workspace: those of the release and of all earlier ones.

    Attributes:
        root: the workspace, or the checkout.
        course: title of the course.
        assignment: name of the newest assignment in it.
        version: of the release; "" in a checkout.
        exercises: by id, in the order of the course.
        files: sha256 of each file of the release, by its path; empty in a checkout.
    """

    root: Path
    course: str
    assignment: str
    version: str
    exercises: dict[str, ExerciseEntry]
    files: dict[str, str] = field(default_factory=dict)

    def exercise(self, id: str) -> ExerciseEntry:
        """The exercise of that id.

        Raises:
            LookupError: there is none; the message lists those that exist.
        """
        try:
            return self.exercises[id]
        except KeyError:
            known = ", ".join(self.exercises)
            raise LookupError(f"no exercise {id!r} in this workspace; there are {known}") from None

    def to_json(self) -> dict[str, Any]:
        """The manifest as plain data, for a release."""
        return {
            "course": self.course,
            "assignment": self.assignment,
            "version": self.version,
            "exercises": [entry.to_json() for entry in self.exercises.values()],
            "files": dict(sorted(self.files.items())),
        }


def read_manifest(path: Path) -> Manifest:
    """The manifest of a release.

    Raises:
        ValueError: the file is damaged; the message names it and the remedy.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        entries = [ExerciseEntry.from_json(entry) for entry in data["exercises"]]
        return Manifest(
            path.parent,
            data["course"],
            data["assignment"],
            data["version"],
            {entry.id: entry for entry in entries},
            data["files"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); unpack the release again") from error


def find_manifest(start: Path | None = None) -> Manifest:
    """The manifest of the workspace (or checkout) around a folder; by default the working one.

    Raises:
        FileNotFoundError: the folder is in neither.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return read_manifest(folder / FILE)
        if _is_checkout(folder):
            return _manifest_of_checkout(folder)
    raise FileNotFoundError(
        f"{here} is not inside a course: start Jupyter in the folder that you unpacked "
        f"(the one with {FILE})"
    )


def _manifest_of_checkout(folder: Path) -> Manifest:
    """The manifest of a course's checkout, made by the installed kit, which says how."""
    makers = entry_points(group=MAKERS)
    if not makers:
        raise FileNotFoundError(
            f"{folder} is a course's checkout, and the kit is not installed here: run `make setup`"
        )
    made: Manifest = next(iter(makers)).load()(folder)
    return made


def _is_checkout(folder: Path) -> bool:
    pyproject = folder / "pyproject.toml"
    return pyproject.is_file() and "[tool.course]" in pyproject.read_text(encoding="utf-8")
