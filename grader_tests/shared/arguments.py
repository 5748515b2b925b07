"""Whether a call leaves its arguments as they were."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import Misconception, Submission, expect, expect_equal

IN_PLACE = Misconception(
    "changes its argument in place",
    "Operations such as x /= ..., x.div_(...) or x[...] = ... write into the caller's tensor, "
    "which the caller, or autograd, may still need. Make a new tensor instead.",
)


def expect_arguments_kept(submission: Submission, *arguments: Any) -> None:
    """Fail if the call changes one of its arguments."""
    reply = submission.call(*arguments, return_args=True)
    kept = type(reply) is tuple and len(reply) == 2
    after = reply[1] if kept and type(reply[1]) is tuple else ()
    expect(len(after) == len(arguments), "the arguments did not come back from the call.")
    for before, now in zip(arguments, after, strict=True):
        expect_equal(
            now, before, what="the argument after the call", misconceptions=[(now, IN_PLACE)]
        )


def expect_kept(after: object, before: torch.Tensor, name: str) -> None:
    """Fail when a call changed its argument."""
    expect(
        isinstance(after, torch.Tensor) and torch.equal(after, before),
        f"{name} should be as before the call; there are changes.",
        misconception=IN_PLACE,
    )
