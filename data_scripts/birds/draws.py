"""Seeded random draws that are the same on every platform and with every version of NumPy.

Only ``Generator.random`` is used, a fixed reading of PCG64's bits. NumPy may change the streams of
its other distributions from one release to the next.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Draws:
    """Random numbers for a purpose, independent of those for any other purpose or seed."""

    def __init__(self, seed: int, purpose: str, *indices: int) -> None:
        self._generator = np.random.default_rng([seed, zlib.crc32(purpose.encode()), *indices])

    def uniform(self, *shape: int) -> np.ndarray:
        """Draw uniform numbers in [0, 1), float64, of a shape."""
        return self._generator.random(shape)

    def normal(self, *shape: int) -> np.ndarray:
        """Draw nearly normal numbers, sums of four uniform ones: mean 0, variance 1, float32."""
        total = self._generator.random((4, *shape)).sum(axis=0)
        return ((total - 2) * 3**0.5).astype(np.float32)

    def between(self, low: float, high: float) -> float:
        """Draw a uniform number in [low, high)."""
        return low + (high - low) * float(self._generator.random())

    def integer(self, count: int) -> int:
        """Draw an integer from 0 to ``count - 1``."""
        return int(self._generator.random() * count)

    def choice(self, values: Sequence[T]) -> T:
        """Draw one of the values."""
        return values[self.integer(len(values))]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Return the values in random order."""
        order = np.argsort(self._generator.random(len(values)), kind="stable")
        return [values[index] for index in order]
