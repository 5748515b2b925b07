"""Calls the answer with an index that finds what it is told to find."""

from typing import Any

import torch
from torch import Tensor


class GivenIndex:
    """An index whose neighbours are given: a row for each query, −1 where it found nothing."""

    def __init__(self, neighbours: Tensor, size: int) -> None:
        self.neighbours, self.size = neighbours, size
        self.searches: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return self.size

    def search(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        self.searches.append({"queries": queries, "k": k})
        found = self.neighbours[:, :k].clone()
        distances = torch.arange(found.shape[1], dtype=torch.float32).expand(found.shape).clone()
        return distances.masked_fill(found < 0, torch.inf), found


def probe(answer: Any, neighbours: Tensor, *args: Any, **options: Any) -> dict[str, Any]:
    """The answer's value for `args` with such an index, and what the index was asked."""
    index = GivenIndex(neighbours, len(args[2]))
    value = answer(*args, **options, index=index)
    return {"value": value, "searches": index.searches}
