"""The manifest of a workspace: titles, points, hints and test files of its exercises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

FILE = "manifest.json"
MAKERS = "autograder.manifest"
"""Name of the group of entry points with the function that makes the manifest of a checkout."""


@dataclass(frozen=True)
class TestTitle:
    """Title and points of a test, which students may know."""

    __test__ = False  # keeps pytest from collecting this class

    title: str
    points: float


@dataclass(frozen=True)
class ExerciseEntry:
    """The facts about an exercise that students may know.

    `autograder.testing.declarations.Exercise` describes the attributes that are not listed here.

    Attributes:
        name: name that the answer defines.
        assignment: name of the assignment, and of its notebook without the suffix.
        tests: file of the public tests, relative to the workspace.
        public: titles and points of the public tests.
        hidden: titles and points of the hidden tests.
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
        """Return the entry as plain data."""
        plain = {key: value for key, value in vars(self).items() if key not in ("public", "hidden")}
        plain["hints"] = list(self.hints)
        for part in ("public", "hidden"):
            plain[part] = [vars(test) for test in getattr(self, part)]
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ExerciseEntry:
        """Make an entry from plain data; the inverse of `to_json`."""
        parts = {p: tuple(TestTitle(**test) for test in data[p]) for p in ("public", "hidden")}
        return cls(**{**data, "hints": tuple(data["hints"]), **parts})


@dataclass(frozen=True)
class Manifest:
    """The exercises of a workspace: those of its newest assignment and of all earlier assignments.

    Attributes:
        root: folder of the workspace, or of the checkout.
        course: title of the course.
        assignment: name of the newest assignment in the workspace.
        version: version of the release; "" in a checkout.
        exercises: the exercises by id, in the order of the course.
        files: sha256 of each file of the release, by its path; empty in a checkout.
    """

    root: Path
    course: str
    assignment: str
    version: str
    exercises: dict[str, ExerciseEntry]
    files: dict[str, str] = field(default_factory=dict)

    def exercise(self, id: str) -> ExerciseEntry:
        """Return the exercise with an id.

        Raises:
            LookupError: there is no such exercise; the message lists the known ids.
        """
        try:
            return self.exercises[id]
        except KeyError:
            known = ", ".join(self.exercises)
            raise LookupError(f"no exercise {id!r} in this workspace; there are {known}") from None

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as plain data, for a release."""
        return {
            "course": self.course,
            "assignment": self.assignment,
            "version": self.version,
            "exercises": [entry.to_json() for entry in self.exercises.values()],
            "files": dict(sorted(self.files.items())),
        }


def read_manifest(path: Path) -> Manifest:
    """Read the manifest of a release.

    Raises:
        ValueError: the file is damaged; the message names the file and the remedy.
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
    """Return the manifest of the workspace or checkout around a folder.

    Args:
        start: the folder; default the working directory.

    Raises:
        FileNotFoundError: the folder is in neither a workspace nor a checkout.
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
    """Return the manifest of a checkout, made by the function that the installed kit registers."""
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
