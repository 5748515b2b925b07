"""Shares of queries, as top-k accuracy and an index's recall are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from autograder.testing import Misconception, expect, expect_close

PADDING_COUNTED = Misconception(
    "takes index -1 for an item",
    "-1 says that nothing was found. As an index it fetches the last item's label, and that may be "
    "the right one by accident.",
)


def expect_share(
    value: Any,
    expected: float,
    *,
    given: str,
    help: str = "",
    known: Iterable[tuple[float, Misconception]] = (),
) -> None:
    """Fail unless a plain float equals the expected share."""
    expect(
        type(value) is float,
        f"A plain float should come back; it is a {type(value).__name__}.",
        help="tensor.item() makes a Python number of a tensor with one element.",
    )
    expect_close(
        torch.tensor(value, dtype=torch.float64),
        torch.tensor(expected, dtype=torch.float64),
        atol=1e-6,
        what="the share",
        given=given,
        help=help,
        misconceptions=[(torch.tensor(v, dtype=torch.float64), m) for v, m in known],
    )
