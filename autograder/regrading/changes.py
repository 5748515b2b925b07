"""Compares the marks of an exercise before and after it is judged again, test by test."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

from autograder.judge.records import Record
from autograder.testing.verdicts import Verdict

NEVER_GRADED = "not graded before"
NO_RECORD = "no record of how it was graded before"


@dataclass(frozen=True)
class VerdictChange:
    """A test with another verdict than before: another outcome, other points or another message.

    Attributes:
        before: the earlier verdict; None when the test is new.
        after: the present verdict; None when the test is gone.
    """

    before: Verdict | None
    after: Verdict | None

    @property
    def known(self) -> Verdict:
        """The present verdict; for a test that is gone, the earlier verdict."""
        verdict = self.after or self.before
        assert verdict is not None
        return verdict

    @property
    def difference(self) -> float:
        """Points that the test now gives beyond the earlier points; negative when it gives less."""
        before, after = (v.points if v and v.points else 0.0 for v in (self.before, self.after))
        return round(after - before, 6)

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain data."""
        return {
            "test": self.known.test,
            "title": self.known.title,
            "hidden": self.known.hidden,
            "before": self.before and self.before.to_json(),
            "after": self.after and self.after.to_json(),
        }


@dataclass(frozen=True)
class ExerciseChange:
    """An exercise whose grading differs from before.

    Attributes:
        exercise: id of the exercise.
        before: the judge's points in the gradebook; None when there are none.
        after: the judge's points now; None when the grader itself failed.
        by_hand: points that a person gave, which stay; None when nobody gave points.
        why: what changed since the exercise was graded before; see `Inputs.changed_since`.
        verdicts: the tests whose verdicts differ.
    """

    exercise: str
    before: float | None
    after: float | None
    by_hand: float | None
    why: tuple[str, ...]
    verdicts: tuple[VerdictChange, ...]

    @property
    def difference(self) -> float:
        """Points that the student gains, negative for a loss; 0 when a person gave the points."""
        if self.by_hand is not None:
            return 0.0
        return round((self.after or 0.0) - (self.before or 0.0), 6)

    @property
    def moves_the_mark(self) -> bool:
        """Whether the points that count for the student change; a missing score differs from 0."""
        return self.by_hand is None and self.before != self.after

    def to_json(self) -> dict[str, Any]:
        """Return the change as plain data."""
        return {
            "exercise": self.exercise,
            "before": self.before,
            "after": self.after,
            "by_hand": self.by_hand,
            "difference": self.difference,
            "why": list(self.why),
            "verdicts": [change.to_json() for change in self.verdicts],
        }


def compare_records(
    before: Record | None, after: Record, *, score: float | None, by_hand: float | None = None
) -> ExerciseChange | None:
    """Compare the grading of an exercise before and now.

    Args:
        before: the record of the mark in the gradebook; None when there is none.
        after: the record of what the judge finds now.
        score: the judge's points in the gradebook; None when there are none.
        by_hand: points that a person gave; None when nobody gave points.

    Returns:
        The change; None when a student or a grader would see no difference.
    """
    if before is not None and before.points != score:
        before = None  # from a run that did not end: it does not explain the mark
    verdicts = differences(before, after)
    same_repairs = before is not None and before.repairs == after.repairs
    if not verdicts and same_repairs and score == after.points:
        return None
    if before is None:
        why: tuple[str, ...] = (NEVER_GRADED if score is None else NO_RECORD,)
    else:
        why = after.inputs.changed_since(before.inputs)
    exercise = after.result.exercise
    return ExerciseChange(exercise, score, after.points, by_hand, why, verdicts)


def differences(before: Record | None, after: Record) -> tuple[VerdictChange, ...]:
    """Return the tests whose verdicts differ, in their present order, then the tests now gone."""
    if before is None:
        return ()
    old = {(v.test, v.hidden): v for v in before.result.verdicts}
    new = {(v.test, v.hidden): v for v in after.result.verdicts}
    keys = dict.fromkeys(chain(new, old))
    return tuple(
        VerdictChange(old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)
    )
