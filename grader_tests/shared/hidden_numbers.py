"""Integers drawn for the hidden tests of batches."""

import torch


def integer(draw: torch.Generator, low: int, high: int) -> int:
    """A random integer, low <= it <= high."""
    return int(torch.randint(low, high + 1, (), generator=draw))


def integers(draw: torch.Generator, low: int, high: int, count: int) -> list[int]:
    """Random integers, low <= each <= high."""
    return torch.randint(low, high + 1, (count,), generator=draw).tolist()
