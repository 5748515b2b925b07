"""Codes drawn for the hidden tests of packing."""

from __future__ import annotations

import torch


def drawn_codes(draw: torch.Generator, count: int, n_bits: int) -> torch.Tensor:
    """Codes of -1 and +1."""
    return torch.randint(2, (count, n_bits), generator=draw).float() * 2 - 1
