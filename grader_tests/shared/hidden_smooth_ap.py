"""What the hidden tests of Smooth-AP share."""

from __future__ import annotations

from typing import Any

import torch


def drawn_batch(draw: torch.Generator, size: int = 14) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of any length, and labels in no order: some products have one image."""
    rows = torch.randn(size, 6, generator=draw, dtype=torch.float64)
    lengths = 0.2 + 5 * torch.rand(size, 1, generator=draw, dtype=torch.float64)
    labels = torch.randint(0, size // 3, (size,), generator=draw)
    return rows * lengths, 100 - 7 * labels


def gradient_of(loss: Any, rows: torch.Tensor, *rest: Any, **settings: Any) -> torch.Tensor:
    """The reference's gradient with respect to the embeddings."""
    leaf = rows.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(leaf, *rest, **settings), leaf)
    return gradient
