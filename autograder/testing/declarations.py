"""Declares exercises and their tests; an exercise is declared on the class of its public tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeVar

TestClass = TypeVar("TestClass", bound=type)
TestMethod = TypeVar("TestMethod", bound=Callable[..., Any])


@dataclass(frozen=True)
class Exercise:
    """An exercise: a function or class that a student writes.

    Attributes:
        id: name of the exercise in `check`, the command line, nbgrader, the cell and the folder of
            its tests.
        object: dotted path of the reference, such as `my_lib.vectors.norm`.
        title: the task in a few words.
        difficulty: from 1 (a line) to 5 (think for a while).
        minutes: minutes that a student who has read the notebook needs.
        hints: hints, from a nudge to almost the answer.
        artifact: path in the workspace of the file that is handed in beside the notebook, such as
            trained weights; "" for an exercise without a file.
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
        """The name that the answer defines."""
        return self.object.rpartition(".")[2]

    @property
    def module(self) -> str:
        """The module of the reference."""
        return self.object.rpartition(".")[0]


@dataclass(frozen=True)
class GradedTest:
    """The marks of a test method.

    Attributes:
        points: points for passing.
        title: what the test asks for.
        after: names of the tests that must pass before this test is run.
    """

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
    """Declare an exercise on the class of its public tests.

    `Exercise` describes the arguments.

    Raises:
        ValueError: the difficulty is not 1 to 5, or the artifact's path leads out of the workspace.
    """
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
    """Declare a class as the hidden tests of the exercise `id`."""

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
        points: points for passing.
        title: what the test asks for, in words for students (also for hidden tests).
        after: names of test methods of the same exercise; unless all of them pass, this test is
            reported as not checked, with the reason.
    """
    names = (after,) if isinstance(after, str) else tuple(after)

    def mark(method: TestMethod) -> TestMethod:
        method.graded = GradedTest(points, title, names)  # type: ignore[attr-defined]
        return method

    return mark


def graded_methods(cls: type) -> list[tuple[str, GradedTest]]:
    """Return names and marks of a test class's graded methods, in the order of the source."""
    return [(name, value.graded) for name, value in vars(cls).items() if hasattr(value, "graded")]
