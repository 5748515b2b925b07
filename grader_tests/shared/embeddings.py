"""What public and hidden tests of embed_dataset share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.testing import Misconception, expect, expect_equal, expect_tensor, fail

IN_TRAINING_MODE = Misconception(
    "embeds in training mode",
    "Dropout then throws numbers away at random, and batch normalisation uses the statistics of "
    "the batch: the embedding of a photo depends on chance and on its neighbours. model.eval().",
)
SHUFFLED = Misconception(
    "changes the order of the data set",
    "Row i belongs to item i: whoever asked knows the items by their place. A DataLoader keeps the "
    "order unless told to shuffle.",
)
LAST_BATCH_DROPPED = Misconception(
    "drops the last, smaller batch",
    "Training may leave images out, evaluation may not. drop_last, and N // batch_size batches, do "
    "so.",
)
LAST_BATCH_ONLY = Misconception(
    "returns one batch only", "Collect what every batch gives, and put it together at the end."
)


def a_data_set(count: int, generator: torch.Generator) -> tuple[Tensor, list[int]]:
    """Images of noise, and labels that are no positions and come in no order."""
    images = torch.rand(count, 3, 4, 4, generator=generator)
    return images, [(7 * i + 3) % 11 + 100 for i in range(count)]


def expect_embeddings(
    seen: Mapping[str, Any], labels: list[int], batch_size: int | None = None
) -> None:
    """Fail unless the embeddings and labels are those of the items, in their order."""
    value = seen["value"]
    expect(
        type(value) is tuple and len(value) == 2,
        "Embeddings and labels should come back, as a tuple of two tensors; it is "
        f"{type(value).__name__}.",
    )
    if any(note["training"] for note in seen["passes"]):
        fail("The network should be in evaluation mode while it embeds.",
             misconception=IN_TRAINING_MODE)  # fmt: skip
    asked = seen["one by one"]
    count = len(labels)
    shapes: dict[tuple[int, ...], Misconception] = {}
    if batch_size and count % batch_size:
        whole = count - count % batch_size
        shapes = {
            (count % batch_size, asked.shape[1]): LAST_BATCH_ONLY,
            (batch_size, asked.shape[1]): LAST_BATCH_ONLY,
            (whole, asked.shape[1]): LAST_BATCH_DROPPED,
        }
    rows = expect_tensor(
        value[0], shape=asked.shape, dtype=torch.float32, what="embeddings", misconceptions=shapes
    )
    found = expect_tensor(value[1], shape=(count,), dtype=torch.int64, what="labels")
    if not torch.allclose(rows, asked, atol=1e-5):
        matches = torch.cdist(rows.double(), asked.double()).argmin(dim=1)
        in_other_order = sorted(matches.tolist()) == list(range(count))
        fail(
            "Row i of the embeddings should be the embedding of item i; rows 0, 1, 2, ... are of "
            f"items {matches.tolist()[:6]} ...",
            misconception=SHUFFLED if in_other_order else None,
        )
    expect_equal(
        found.tolist(), labels, what="the labels",
        misconceptions=[(found.tolist(), SHUFFLED)] if sorted(found.tolist()) == sorted(labels)
        else [],
    )  # fmt: skip
