"""Reads what the tests of an exercise declare: the exercise itself, and the points of each test.

An exercise has its own folder, `tests/NN_topic/ID/`. The public tests are in `public.py`. The
hidden tests, if the exercise has any, are in `hidden.py`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from autograder.testing.declarations import Exercise, GradedTest, graded_methods
from autograder.testing.imports import imported_as_they_are, package_of

PUBLIC, HIDDEN = "public.py", "hidden.py"
FOR_HIDDEN = "hidden_"


@dataclass(frozen=True)
class Declaration:
    """The declarations in the folder of an exercise.

    Attributes:
        exercise: the exercise that `@exercise` declares.
        public: points and titles of the public tests.
        hidden: points and titles of the hidden tests.
    """

    exercise: Exercise
    public: tuple[GradedTest, ...]
    hidden: tuple[GradedTest, ...]


def is_hidden(file: Path) -> bool:
    """Return whether a test file is for graders only.

    These files are `hidden.py`, and helpers of hidden tests, whose names begin with `hidden_`.
    """
    return file.name == HIDDEN or file.name.startswith(FOR_HIDDEN)


def exercise_folders(folder: Path) -> list[Path]:
    """Return the folders of an assignment's exercises, by name.

    Raises:
        ValueError: a folder has hidden tests and no public tests.
    """
    found = {path.parent for path in folder.glob(f"*/{PUBLIC}")}
    if strays := sorted({path.parent for path in folder.glob(f"*/{HIDDEN}")} - found):
        raise ValueError(
            f"{_short(strays[0] / HIDDEN)} has no {PUBLIC} beside it: declare the exercise there "
            "with @exercise, or delete the folder"
        )
    return sorted(found)


def read_declaration(folder: Path, root: Path) -> Declaration:
    """Read what an exercise's folder declares.

    Args:
        folder: folder of the exercise.
        root: root folder of the course, which the tests import from.

    Raises:
        ValueError: the folder declares no exercise or several, the exercise has another name than
            the folder, a class belongs to another exercise or stands in the wrong file, or two
            tests have the same name.
    """
    public, hidden = _test_classes(folder / PUBLIC, root), _test_classes(folder / HIDDEN, root)
    exercise = _declared(folder, public)
    for file, classes in ((folder / PUBLIC, public), (folder / HIDDEN, hidden)):
        for cls in classes:
            _require_belongs(cls, file, exercise.id)
    _require_different_names([*public, *hidden], folder)
    return Declaration(exercise, _marks(public), _marks(hidden))


def _declared(folder: Path, classes: list[type]) -> Exercise:
    """Return the exercise that public tests declare."""
    file = _short(folder / PUBLIC)
    found: list[Exercise] = [cls.exercise for cls in classes if hasattr(cls, "exercise")]
    if not found:
        raise ValueError(f"{file} declares no exercise: put @exercise on the class of its tests")
    if len(found) > 1:
        ids = " and ".join(exercise.id for exercise in found)
        raise ValueError(f"{file} declares {ids}: give each exercise a folder of its own")
    if found[0].id != folder.name:
        raise ValueError(
            f"{file} declares the exercise {found[0].id!r}, but its folder is called "
            f"{folder.name!r}: give both the same name"
        )
    return found[0]


def _require_belongs(cls: type, file: Path, id: str) -> None:
    """Refuse a class of tests that is another exercise's, or in the wrong one of the two files."""
    found = cls.exercise_id  # type: ignore[attr-defined]
    if found != id:
        raise ValueError(
            f"{_short(file)} has tests of {found!r}, which belong into that exercise's folder; "
            f'here it is @hidden_tests("{id}")'
        )
    if is_hidden(file) is not cls.hidden:  # type: ignore[attr-defined]
        mark = f'@hidden_tests("{id}")' if is_hidden(file) else "@exercise"
        raise ValueError(f"{_short(file)}: the class {cls.__name__} should be marked with {mark}")


def _marks(classes: list[type]) -> tuple[GradedTest, ...]:
    return tuple(graded for cls in classes for _, graded in graded_methods(cls))


def _require_different_names(classes: list[type], folder: Path) -> None:
    """Refuse two tests of an exercise with the same method name, which verdicts are known by."""
    names = [name for cls in classes for name, _ in graded_methods(cls)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(
            f"exercise {folder.name!r} has several tests named {', '.join(twice)}: "
            f"rename the one in {_short(folder / HIDDEN)}"
        )


def _test_classes(path: Path, root: Path) -> list[type]:
    """Return the classes of a test file that hold an exercise's tests; none without the file."""
    if not path.is_file():
        return []
    stat = path.stat()
    module = _load(path, root, stat.st_mtime_ns, stat.st_size)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and hasattr(value, "exercise_id")
    ]


@lru_cache(maxsize=1024)
def _load(path: Path, root: Path, mtime: int, size: int) -> ModuleType:
    """Import a test file under a unique module name, with the course's root importable."""
    name = f"_course_{sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    with importable(root), imported_as_they_are({package_of(path, root)}):
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return module


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let the block import the packages of a folder."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _short(path: Path) -> str:
    """Return the last four parts of a test file's path, for messages."""
    return "/".join(path.parts[-4:])
