"""Whether an answer works on whole tensors, or takes a step for each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograder.testing import Misconception, Submission, expect, expect_same_steps

LOOP = Misconception(
    "loops over the batch in Python",
    "Write the same work as a few operations on whole tensors: their number must not grow with "
    "the batch.",
)
LOOP_OVER_ROWS = Misconception(
    "loops in Python instead of computing all rows at once",
    "A Python loop pays the overhead of a call for every row. One call on the whole tensor does "
    "the same arithmetic: put the repetition into the shapes (broadcasting, @, dim=...).",
)
LOOP_OVER_CODES = Misconception(
    "loops over the codes in Python",
    "A million codes would take a million turns. Let a few operations work on all codes: their "
    "number must not grow with the codes.",
)


def expect_no_loop(submission: Submission, misconception: Misconception) -> None:
    """Fail when the text of the answer has Python loops."""
    loops = submission.loops()
    expect(
        not loops,
        f"No Python loop is needed here; found: {', '.join(loops)}.",
        misconception=misconception,
    )


def expect_vectorised(
    submission: Submission,
    few: Sequence[Any],
    many: Sequence[Any],
    *,
    of: str = "the batch",
    items: str = "items",
    misconception: Misconception = LOOP,
) -> None:
    """Fail when the text has Python loops, or more items take more operations or lines.

    Args:
        few, many: arguments of two calls, the first of which says how many items they are.
        of: what the number of steps should not depend on.
        items: what there are more of.
        misconception: the mistake that it is.
    """
    expect_no_loop(submission, misconception)
    expect_same_steps(
        submission.trace(*few),
        submission.trace(*many),
        of=of,
        sizes=(f"{len(few[0])} {items}", f"{len(many[0])}"),
        misconception=misconception,
    )


def expect_same_steps_for_codes(
    submission: Submission, few: Sequence[Any], many: Sequence[Any], small: int, large: int
) -> None:
    """Fail when more codes take more operations or lines."""
    expect_same_steps(
        submission.trace(*few),
        submission.trace(*many),
        of="the codes",
        sizes=(f"{small} codes", f"{large}"),
        misconception=LOOP_OVER_CODES,
    )
