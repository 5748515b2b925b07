"""Exact search among packed codes: nearest in Hamming distance, equally near by index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from joblib import Parallel, delayed
from torch import Tensor

from course_lib.hashing.codes import as_words, hamming_distances
from course_lib.validation import (
    require_at_most,
    require_integers,
    require_packed,
    require_same_device,
)

Found = TypeVar("Found")
QUERIES_AT_ONCE = 32
"""Queries that a thread compares before it looks at the distances: they stay in the cache."""


def hamming_search(queries: Tensor, database: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Find the k codes of the database that are nearest to each query; k = N ranks all codes.

    Distances are small integers: counting how often each occurs tells how far the k nearest reach,
    and only codes up to there are sorted.

    Args:
        queries: ``(Q, B)`` uint8 packed codes.
        database: ``(N, B)`` uint8 packed codes on the same device.
        k: neighbours a query, 1 <= k <= N.

    Returns:
        ``(distances, indices)``, int16 and int64, both ``(Q, k)``, nearest first. Codes equally far
        come by index, smaller first.

    Raises:
        TypeError, ValueError: the codes are no uint8 matrices, of different widths or devices, or k
            is out of range.

    Example:
        >>> from course_lib.hashing import pack_codes
        >>> packed = pack_codes(torch.tensor([[1, 1, -1], [1, -1, -1], [-1, -1, 1]]))
        >>> hamming_search(packed[:1], packed, k=2)
        (tensor([[0, 1]], dtype=torch.int16), tensor([[0, 1]]))
    """
    require_packed(queries=queries, database=database)
    require_same_device(queries=queries, database=database)
    require_integers(1, k=k)
    require_at_most(len(database), f"the database has {len(database)} codes", k=k)

    if queries.device.type != "cpu":
        blocks = queries.split(QUERIES_AT_ONCE)
        nearest = [hamming_distances(block, database).sort(dim=1, stable=True) for block in blocks]
        distances = torch.cat([found.values[:, :k] for found in nearest])
        return distances, torch.cat([found.indices[:, :k] for found in nearest])

    distances = torch.empty(len(queries), k, dtype=torch.int16)
    indices = torch.empty(len(queries), k, dtype=torch.int64)

    def look(query: int, row: np.ndarray) -> None:
        indices.numpy()[query], distances.numpy()[query] = nearest_in(row, k)

    for_each_query(queries, database, look)
    return distances, indices


def nearest_in(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the k smallest of ``(N,)`` unsigned integers, and these; ties by index.

    Example:
        >>> nearest_in(np.array([3, 1, 2, 1], dtype=np.uint8), k=3)
        (array([1, 3, 2]), array([1, 1, 2], dtype=uint8))
    """
    if k == len(distances):
        # A stable sort of bytes is a radix sort: one pass.
        order = np.argsort(distances, kind="stable")
        return order, distances[order]
    reach = int(np.searchsorted(np.bincount(distances).cumsum(), k))
    candidates = np.flatnonzero(distances <= reach)
    order = candidates[np.argsort(distances[candidates], kind="stable")[:k]]
    return order, distances[order]


def for_each_query(
    queries: Tensor, database: Tensor, look: Callable[[int, np.ndarray], Found]
) -> list[Found]:
    """Call ``look`` with the distances of each query, by as many threads as torch has.

    Args:
        queries: ``(Q, B)`` uint8 packed codes on the CPU.
        database: ``(N, B)`` uint8 packed codes on the CPU.
        look: called with a query's number and its ``(N,)`` distances, uint8 or uint16.

    Returns:
        One result a query, in order.

    Example:
        >>> packed = torch.tensor([[0b00], [0b01], [0b11]], dtype=torch.uint8)
        >>> for_each_query(packed[:2], packed, lambda query, distances: (query, distances.tolist()))
        [(0, [0, 1, 2]), (1, [1, 0, 1])]
    """
    words, others = as_words(queries), as_words(database)

    def block(start: int) -> list[Found]:
        rows = _distances(words[start : start + QUERIES_AT_ONCE], others)
        return [look(start + offset, row) for offset, row in enumerate(rows)]

    starts = range(0, len(words), QUERIES_AT_ONCE)
    # Threads, since NumPy lets others work while it counts and sorts.
    n_threads = max(1, min(torch.get_num_threads(), len(starts)))
    blocks = Parallel(n_jobs=n_threads, prefer="threads")(delayed(block)(s) for s in starts)
    return [found for results in blocks for found in results]


def _distances(words: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the Hamming distances of each of ``words`` from all ``others``."""
    kind = np.uint8 if words.shape[1] * 64 <= np.iinfo(np.uint8).max else np.uint16
    for word in words:
        counts = np.bitwise_count(others[:, 0] ^ word[0])
        if words.shape[1] > 1:
            counts = counts.astype(kind)
            for place in range(1, words.shape[1]):
                counts += np.bitwise_count(others[:, place] ^ word[place])
        yield counts
