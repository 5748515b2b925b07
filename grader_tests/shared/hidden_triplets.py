"""What the hidden tests of losses and miners share."""

from collections.abc import Callable, Sequence
from typing import Any

import torch


def gradients_of(
    loss: Callable[..., torch.Tensor], embeddings: Sequence[torch.Tensor], *rest: Any
) -> tuple[torch.Tensor, ...]:
    """Return gradients of the reference's loss with respect to the embeddings."""
    leaves = [rows.clone().requires_grad_(True) for rows in embeddings]
    return torch.autograd.grad(loss(*leaves, *rest), leaves)


def random_labels(draw: torch.Generator, products: int = 9, most: int = 5) -> torch.Tensor:
    """Return product ids, any integers, of 1 to `most` images each, in mixed order."""
    ids = 1000 * torch.randperm(products, generator=draw) - 4000
    counts = 1 + torch.arange(products) % most
    labels = ids.repeat_interleave(counts)
    return labels[torch.randperm(len(labels), generator=draw)]
