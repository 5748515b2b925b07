"""Hashes everything that a verdict depends on, so that a record says what it was made from."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from autograder.answers.program import Program
from autograder.course import Assignment, Course
from autograder.course.editions import file_hash
from autograder.judge.sandbox import SEEN
from autograder.judge.secret import fingerprint
from autograder.testing.verbs import SEED

WORDS = {
    "program": "the answer",
    "tests": "the tests",
    "library": "the reference",
    "kit": "the grader",
    "secret": "the secret",
    "seed": "the seed",
}

_KIT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Inputs:
    """Everything that a verdict depends on.

    Attributes:
        program: sha256 of the program that was run.
        tests: sha256 of the assignment's tests and of the files that tests may import.
        library: sha256 of the reference library.
        kit: sha256 of the judge, the worker and the vocabulary of tests.
        environment: versions of Python and of the students' runtime distributions, by name.
        secret: fingerprint of the key that hidden inputs are drawn with.
        seed: seed of random, numpy and torch.
    """

    program: str
    tests: str
    library: str
    kit: str
    environment: dict[str, str]
    secret: str
    seed: int

    def of(self, program: Program) -> Inputs:
        """Return these inputs with the hash of a program."""
        text = json.dumps(program.to_json(), sort_keys=True)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
        return replace(self, program=digest.hexdigest())

    def changed_since(self, earlier: Inputs) -> tuple[str, ...]:
        """Return in words what changed since an earlier verdict; for packages, the versions."""
        changed = [
            word for name, word in WORDS.items() if getattr(self, name) != getattr(earlier, name)
        ]
        before, now = earlier.environment, self.environment
        versions = [
            f"{name} {before.get(name, 'absent')} to {now.get(name, 'absent')}"
            for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name)
        ]
        return (*changed, *versions)


def common_inputs(course: Course, assignment: Assignment, secret: bytes) -> Inputs:
    """Return the inputs that all verdicts of an assignment share, with "" for the program."""
    return Inputs(
        program="",
        tests=_digest(course.root, _test_sources(course, assignment)),
        library=_digest(course.root, _sources(course.library)),
        kit=_kit(),
        environment=_environment(tuple(sorted(course.runtime))),
        secret=fingerprint(secret),
        seed=SEED,
    )


@cache
def _kit() -> str:
    """Return the sha256 of the judge, the worker and the vocabulary of tests.

    It is computed once, since this process has loaded these files.
    """
    kit = [path for room in ("judge", *SEEN) for path in _sources(_KIT / room)]
    return _digest(_KIT, kit)


@cache
def _environment(runtime: tuple[str, ...]) -> dict[str, str]:
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name in runtime:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions


def _test_sources(course: Course, assignment: Assignment) -> list[Path]:
    """Return the assignment's test files, and the files that the tests of all exercises may use."""
    return [*course.test_modules(assignment), *course.test_helpers()]


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a sha256 over names and contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        content = file_hash(path).hex()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()
