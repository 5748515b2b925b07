"""What a test found, and what it is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"  # a test that it depends on did not pass
    NOT_STARTED = "not_started"  # there is no answer yet
    GRADER_ERROR = "grader_error"  # the test itself failed: no mark, and a person must look


@dataclass(frozen=True)
class Verdict:
    """One test's outcome.

    Attributes:
        test: name of the test method.
        title: what the test asks for.
        hidden: whether the test is hidden from students.
        outcome: see `Outcome`.
        points: earned; None for the grader's own failure.
        max_points: for passing.
        message: what was asked and what came back.
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
        """The verdict as plain data."""
        return {**asdict(self), "outcome": self.outcome.value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """The inverse of `to_json`."""
        return cls(**{**data, "outcome": Outcome(data["outcome"])})


@dataclass(frozen=True)
class Result:
    """An exercise's verdicts, in the order of its tests."""

    exercise: str
    verdicts: tuple[Verdict, ...]

    @property
    def max_points(self) -> float:
        """Marks for passing every test."""
        return _total(verdict.max_points for verdict in self.verdicts)

    @property
    def points(self) -> float | None:
        """Marks earned, within 0 and `max_points`; None when the grader itself failed."""
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
        """The misconceptions found, each once, in the order of the tests."""
        return tuple(dict.fromkeys(v.diagnosis for v in self.verdicts if v.diagnosis))

    def to_json(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "exercise": self.exercise,
            "points": self.points,
            "max_points": self.max_points,
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The inverse of `to_json`."""
        return cls(data["exercise"], tuple(Verdict.from_json(v) for v in data["verdicts"]))


def _total(points: Any) -> float:
    """Sum of marks, exact for decimal fractions and rounded to a millionth."""
    return round(math.fsum(points), 6)
