"""Problems drawn for the tests of update_codes."""

from __future__ import annotations

import torch


def drawn_problem(
    draw: torch.Generator, n_items: int, n_outputs: int, n_bits: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Codes, outputs, a sample, and similarities of +1 and -1/3, all float64 but the sample."""
    codes = torch.randint(2, (n_items, n_bits), generator=draw).double() * 2 - 1
    outputs = torch.randn(n_outputs, n_bits, generator=draw, dtype=torch.float64).tanh()
    sample = torch.randperm(n_items, generator=draw)[:n_outputs]
    similar = torch.rand(n_outputs, n_items, generator=draw) < 0.25
    return codes, outputs, sample, torch.where(similar, 1.0, -1 / 3).double()
