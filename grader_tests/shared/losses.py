"""What the tests of losses ask for in more than one assignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect,
    expect_close,
    expect_tensor,
    fail,
)

NO_MEAN_OF_NOTHING = Misconception(
    "divides by the number of terms also when there are none",
    "For an empty selection sum / count is 0 / 0 = nan, and so is mean(). Sum first, then divide "
    "by the count or by 1, whichever is larger.",
)
ZERO_OFF_THE_GRAPH = Misconception(
    "returns a zero that is not connected to the graph",
    "A training loop calls backward() on whatever comes back. A new tensor, or a number, has no "
    "history. The sum of an empty tensor that was computed from the inputs is 0 and has one.",
)


def expect_zero_for_nothing(
    submission: Submission, empty: Sequence[Any], wrt: Sequence[int], **kwargs: Any
) -> None:
    """Fail unless a loss of no terms is a zero through which backward() works."""
    value, gradients = submission.vjp(*empty, wrt=wrt, **kwargs)
    expect_tensor(value, shape=(), what="the loss of an empty selection")
    if bool(value.isnan()):
        fail("The loss of an empty selection should be 0; it is nan.",
             misconception=NO_MEAN_OF_NOTHING)  # fmt: skip
    expect_close(value, torch.zeros((), dtype=empty[0].dtype), what="the loss of nothing")
    for gradient in gradients:
        expect(
            gradient is not None,
            "The zero that comes back for an empty selection should accept backward(); it does "
            "not depend on the inputs.",
            misconception=ZERO_OFF_THE_GRAPH,
        )
