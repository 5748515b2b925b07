"""What an exercise is: declared once, on the class that holds its public tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

TestClass = TypeVar("TestClass", bound=type)
TestMethod = TypeVar("TestMethod", bound=Callable[..., Any])


@dataclass(frozen=True)
class Exercise:
    """One thing that a student writes.

    Attributes:
        id: name used by `check`, the command line, the folder of its tests, nbgrader and the cell.
        object: dotted path of the reference, such as `my_lib.vectors.norm`.
        title: what it is, in a few words.
        difficulty: 1 (a line) to 5 (think for a while).
        minutes: what a student who read the notebook needs.
        hints: a ladder, from a nudge to almost the answer.
        artifact: a file that is handed in beside the notebook, such as trained weights, by its path
            in the workspace; "" where there is none.
    """

    id: str
    object: str
    title: str
    difficulty: int
    minutes: int
    hints: tuple[str, ...] = ()
    artifact: str = ""

    @property
    def name(self) -> str:
        """Name that the answer defines."""
        return self.object.rpartition(".")[2]

    @property
    def module(self) -> str:
        """Module of the reference."""
        return self.object.rpartition(".")[0]


@dataclass(frozen=True)
class Graded:
    """What a test method is worth, what it asks for, and which tests must pass before it."""

    points: float
    title: str
    after: tuple[str, ...] = ()


def exercise(
    id: str,
    *,
    object: str,
    title: str,
    difficulty: int,
    minutes: int,
    hints: Iterable[str] = (),
    artifact: str = "",
) -> Callable[[TestClass], TestClass]:
    """Declare an exercise on the class of its public tests (see `Exercise`)."""
    declared = Exercise(id, object, title, difficulty, minutes, tuple(hints), artifact)
    if not 1 <= difficulty <= 5:
        raise ValueError(f"exercise {id}: difficulty is 1 to 5, not {difficulty}")
    if PurePosixPath(artifact).is_absolute() or ".." in PurePosixPath(artifact).parts:
        raise ValueError(f"exercise {id}: artifact {artifact!r} leads out of the workspace")

    def declare(cls: TestClass) -> TestClass:
        cls.exercise = declared  # type: ignore[attr-defined]
        cls.exercise_id = id  # type: ignore[attr-defined]
        cls.hidden = False  # type: ignore[attr-defined]
        return cls

    return declare


def hidden_tests(id: str) -> Callable[[TestClass], TestClass]:
    """Mark a class as the hidden tests of the exercise `id`."""

    def mark(cls: TestClass) -> TestClass:
        cls.exercise_id = id  # type: ignore[attr-defined]
        cls.hidden = True  # type: ignore[attr-defined]
        return cls

    return mark


def graded(
    points: float, title: str, *, after: str | Iterable[str] = ()
) -> Callable[[TestMethod], TestMethod]:
    """Give a test method its points, its title, and the tests that it depends on.

    Args:
        points: marks for passing.
        title: what is asked, as students read it (also for hidden tests).
        after: names of test methods of the same exercise; unless all passed, this test is
            reported as not checked, with the reason.
    """
    names = (after,) if isinstance(after, str) else tuple(after)

    def mark(method: TestMethod) -> TestMethod:
        method.graded = Graded(points, title, names)  # type: ignore[attr-defined]
        return method

    return mark


def graded_methods(cls: type) -> list[tuple[str, Graded]]:
    """Names and marks of a test class's methods, in the order of its source."""
    return [(name, value.graded) for name, value in vars(cls).items() if hasattr(value, "graded")]
