"""What public and hidden tests of k_nearest share."""

from typing import Any

import torch

from autograder.testing import Misconception, expect, expect_tensor, fail

NOT_A_PAIR = Misconception(
    "does not return the pair (squared distances, indices)",
    "End with: return squared_distances, indices.",
)
SWAPPED = Misconception(
    "returns the indices first and the distances second",
    "The order is (squared distances, indices), as torch.topk and torch.sort have it.",
)
WHOLE_RANKING = Misconception(
    "returns the whole ranking, not the first k",
    "Keep the first k columns: [:, :k].",
)
ALONG_QUERIES = Misconception(
    "ranks the queries for each row of the retrieval set",
    "Each query ranks the retrieval set: with D of shape (Q, R), sort along dim=1.",
)
NEIGHBOURS_TRANSPOSED = Misconception(
    "returns a column for each query instead of a row",
    "Both results have shape (Q, k): one row a query.",
)
DISTANCES_UNSORTED = Misconception(
    "returns the right indices with distances that are not theirs",
    "distances[q, r] must be the squared distance of retrieval row indices[q, r]: take both from "
    "one sort, or use gather.",
)
ANY_ORDER = Misconception(
    "leaves the order of equal distances to chance",
    "topk, and sort without stable=True, may return equal distances in any order, and another one "
    "on another machine. A stable sort keeps the order that they had: that of the indices.",
)
LAST_CHUNK_DROPPED = Misconception(
    "drops the last, smaller chunk of queries",
    "7 queries in chunks of 3 are 3 + 3 + 1; Q // chunk_size counts only the full ones. "
    "queries.split(chunk_size) yields the rest, too.",
)
ONE_CHUNK = Misconception(
    "returns the neighbours of one chunk only",
    "Collect the results of all chunks and concatenate them: torch.cat.",
)


def expect_neighbours(
    value: Any, *, queries: int, k: int, rows: int, given: str = "", chunk_size: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (squared distances, integer indices), once both are known to have shape (Q, k)."""
    if type(value) not in (tuple, list) or len(value) != 2:
        kind = f"{type(value).__name__}"
        fail(f"a tuple of two tensors is asked for, not a {kind}.", misconception=NOT_A_PAIR)
    distances, indices = value
    for part, name in (
        (distances, "the table of squared distances"),
        (indices, "the table of indices"),
    ):
        what = f"{name} for {given}" if given else name
        part = expect_tensor(part, what=what)
        expect_tensor(
            part,
            shape=(queries, k),
            what=what,
            misconceptions={
                (k, queries): NEIGHBOURS_TRANSPOSED,
                (k, rows): ALONG_QUERIES,
                (rows, k): ALONG_QUERIES,
                (queries, rows): WHOLE_RANKING,
            }
            | _shapes_of_lost_chunks(queries, k, chunk_size),
        )
    if indices.is_floating_point() and not distances.is_floating_point():
        fail("the first result is integer, the second floating point.", misconception=SWAPPED)
    whole = not (indices.is_floating_point() or indices.dtype is torch.bool)
    expect(whole, f"the indices should be integers; they are {indices.dtype}.")
    return distances, indices


def _shapes_of_lost_chunks(
    queries: int, k: int, chunk_size: int | None
) -> dict[tuple[int, ...], Misconception]:
    """Return shapes that come of keeping one chunk only, or of losing the last."""
    if chunk_size is None or chunk_size >= queries:
        return {}
    left = queries % chunk_size
    shapes: dict[tuple[int, ...], Misconception] = {
        (chunk_size, k): ONE_CHUNK,
        (left, k): ONE_CHUNK,
    }
    return shapes | {(queries - left, k): LAST_CHUNK_DROPPED} if left else shapes
