"""Rows of index vectors, as miners of pairs and triplets return them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing import Misconception, expect, expect_tensor, fail

ONE_TENSOR = Misconception(
    "returns one tensor instead of separate vectors",
    "Return them side by side: `return anchors, positives`.",
)
NO_PARTNER = Misconception(
    "pairs an image with itself",
    "An image is at distance 0 of itself: nothing can be learnt from that pair. Anchor and "
    "positive are different images.",
)
UNORDERED = Misconception(
    "lists each pair in one order only",
    "The loss is not symmetric: (i, j) and (j, i) have different anchors. With i < j only, the "
    "last image of every product never is an anchor.",
)


def index_rows(value: Any, names: Sequence[str], batch: int) -> list[tuple[int, ...]]:
    """Rows of index vectors that a miner returned: `[(anchor, positive, ...), ...]`.

    Fails unless `value` is a tuple of equally long int64 vectors of positions in the batch.
    """
    wanted = f"{len(names)} index vectors ({', '.join(names)})"
    if type(value) is torch.Tensor:
        fail(f"{wanted} should come back; one tensor of shape {tuple(value.shape)} did.",
             misconception=ONE_TENSOR)  # fmt: skip
    expect(
        type(value) in (tuple, list) and len(value) == len(names),
        f"A tuple of {wanted} should come back; it is "
        + (
            f"{len(value)} things."
            if type(value) in (tuple, list)
            else f"a {type(value).__name__}."
        ),
    )
    for name, vector in zip(names, value, strict=True):
        expect_tensor(vector, dtype=torch.int64, what=name)
        expect(vector.ndim == 1, f"{name} should be a vector; it has shape {tuple(vector.shape)}.")
    lengths = [len(vector) for vector in value]
    expect(len(set(lengths)) == 1, f"{wanted} should be equally long; their lengths are {lengths}.")
    rows = list(zip(*(vector.tolist() for vector in value), strict=True))
    for row in rows:
        expect(
            all(0 <= index < batch for index in row),
            f"Positions should lie in 0 to {batch - 1}, the images of the batch; found {row}.",
        )
    return rows
