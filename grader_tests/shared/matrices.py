"""Tensors written out in tests."""

from __future__ import annotations

from collections.abc import Sequence

import torch


def matrix(*rows: Sequence[float]) -> torch.Tensor:
    """Return a matrix of float32."""
    return torch.tensor(rows)


def doubles(*numbers: float | Sequence[float]) -> torch.Tensor:
    """Return a vector of float64, or from rows a matrix."""
    return torch.tensor(numbers, dtype=torch.float64)
