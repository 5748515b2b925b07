"""Verdicts of tests, and the result of an exercise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """The outcome of a test."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"  # not run, for example since a test before it did not pass
    NOT_STARTED = "not_started"  # the exercise has no answer yet
    GRADER_ERROR = "grader_error"  # the grader itself failed: no mark, and a person must look


@dataclass(frozen=True)
class Verdict:
    """The outcome of one test, with points and explanations.

    Attributes:
        test: name of the test method.
        title: what the test asks for.
        hidden: whether the test is hidden from students.
        outcome: the outcome.
        points: points that were earned; None when the grader itself failed.
        max_points: points for passing.
        message: what was asked for and what the answer returned.
        help: where to look next.
        diagnosis: the misconception that the answer matches, or None.
        cause: class name of the exception behind a failure, or "".
    """

    test: str
    title: str
    hidden: bool
    outcome: Outcome
    points: float | None
    max_points: float
    message: str = ""
    help: str = ""
    diagnosis: str | None = None
    cause: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        return {**asdict(self), "outcome": self.outcome.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """Make a verdict from plain data; the inverse of `to_json`."""
        return cls(**{**data, "outcome": Outcome(data["outcome"])})


@dataclass(frozen=True)
class Result:
    """The verdicts on an answer to an exercise, in the order of the tests."""

    exercise: str
    verdicts: tuple[Verdict, ...]

    @property
    def max_points(self) -> float:
        """The points for passing every test."""
        return _total(verdict.max_points for verdict in self.verdicts)

    @property
    def points(self) -> float | None:
        """The points earned, from 0 to `max_points`; None when the grader itself failed."""
        earned = [verdict.points for verdict in self.verdicts]
        if not earned or any(points is None for points in earned):
            return None
        total = _total(points for points in earned if points is not None)
        return min(max(total, 0.0), self.max_points)

    @property
    def passed(self) -> bool:
        """Whether every test passed."""
        return bool(self.verdicts) and all(v.outcome is Outcome.PASSED for v in self.verdicts)

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """The misconceptions that were found, each once, in the order of the tests."""
        return tuple(dict.fromkeys(v.diagnosis for v in self.verdicts if v.diagnosis))

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "exercise": self.exercise,
            "points": self.points,
            "max_points": self.max_points,
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """Make a result from plain data; the inverse of `to_json`."""
        return cls(data["exercise"], tuple(Verdict.from_json(v) for v in data["verdicts"]))


def _total(points: Any) -> float:
    """Return a sum of points, exact for decimal fractions and rounded to a millionth."""
    return round(math.fsum(points), 6)
