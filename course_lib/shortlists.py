"""A fast, rounded search that provably misses none of the exact nearest neighbours.

One matrix product ranks a whole retrieval set, but rounding may swap items that are almost equally
far, and split items that are exactly equally far. So the product only draws up a shortlist, with
room for its rounding error; whoever searches exactly measures just what is on it.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

GROUP_SIZE = 32
"""Items whose smallest score stands for all of them. From 16 to 64 the search is equally fast."""


def shortlists(
    queries: Tensor, retrieval: Tensor, k: int, chunk_size: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """List, for each chunk of queries, the items that may be among the k nearest of each query.

    Args:
        queries: ``(Q, D)`` embeddings, float32 or float64.
        retrieval: ``(R, D)`` embeddings of the same dtype and device.
        k: neighbours sought per query, 1 <= k <= R.
        chunk_size: queries per chunk, >= 1. Peak memory grows with ``chunk_size * R``.

    Yields:
        ``(rows, items, squared_distances)``, three ``(P,)`` tensors: row of the chunk, row of
        ``retrieval``, and their squared distance, computed from the difference of the two vectors.
        Every row of the chunk has at least k items, and all those are among them whose distance is
        one of the k smallest.

    Raises:
        ValueError: an embedding is not finite, or so long that its square is not.

    Note:
        Relies on matrix products of full precision, PyTorch's default: leave
        ``torch.set_float32_matmul_precision`` at ``"highest"``.

    Example:
        >>> retrieval = torch.tensor([[0.0], [1.0], [5.0]])
        >>> chunks = shortlists(retrieval[:1], retrieval, k=2, chunk_size=1)
        >>> for rows, items, squared_distances in chunks:
        ...     print(rows.tolist(), items.tolist(), squared_distances.tolist())
        [0, 0] [0, 1] [0.0, 1.0]
    """
    retrieval_squares = _finite_squares("retrieval", retrieval)
    query_lengths = _finite_squares("queries", queries).sqrt()
    # The score ‖y‖² − 2⟨q, y⟩ is the squared distance less ‖q‖², and orders items alike.
    # A sum of D products is wrong by at most about D/2 eps of the sum of their magnitudes (Higham,
    # "Accuracy and Stability of Numerical Algorithms", section 3.1), here (‖q‖ + ‖y‖)². Two scores
    # and two distances are compared: four such errors.
    eps = torch.finfo(retrieval.dtype).eps
    longest = query_lengths + retrieval_squares.max().sqrt()
    slack = 2 * (retrieval.shape[1] + 4) * eps * longest.square()

    # Scores fill the first R columns of a grid of `depth` x `n_groups`, the padding is infinitely
    # far. Item i belongs to group i mod n_groups, so that minima are taken over whole vectors.
    size = len(retrieval)
    n_groups = max(k, -(-size // GROUP_SIZE))
    depth = -(-size // n_groups)
    buffer = retrieval.new_full((min(chunk_size, len(queries)), depth * n_groups), torch.inf)
    for chunk, allowance in zip(queries.split(chunk_size), slack.split(chunk_size), strict=True):
        scores = buffer[: len(chunk)]
        torch.addmm(retrieval_squares, chunk, retrieval.T, alpha=-2, out=scores[:, :size])
        grid = scores.view(len(chunk), depth, n_groups)  # (chunk, depth, n_groups)
        minima = grid.amin(dim=1)  # (chunk, n_groups)
        # The k smallest minima belong to k different items, so that no score among the k smallest
        # is above the last of them.
        limits = minima.topk(k, dim=1, largest=False).values[:, -1] + allowance
        rows, groups = (minima <= limits[:, None]).nonzero(as_tuple=True)
        found, member = (grid[rows, :, groups] <= limits[rows, None]).nonzero(as_tuple=True)
        rows, items = rows[found], member * n_groups + groups[found]
        yield rows, items, _paired_squared_distances(chunk, retrieval, rows, items, buffer.numel())


def _paired_squared_distances(
    x: Tensor, y: Tensor, rows: Tensor, columns: Tensor, max_elements: int
) -> Tensor:
    """Compute ‖x[rows] − y[columns]‖² pair by pair, with temporaries of about ``max_elements``."""
    at_a_time = max(1, max_elements // x.shape[1])
    pieces = zip(rows.split(at_a_time), columns.split(at_a_time), strict=True)
    return torch.cat([(x[i] - y[j]).square().sum(dim=1) for i, j in pieces])


def _finite_squares(name: str, embeddings: Tensor) -> Tensor:
    """Return the squared length of every row; refuse rows whose doubled length has no square."""
    squares = embeddings.square().sum(dim=1)
    finite = (4 * squares).isfinite()
    if not finite.all():
        row = int(finite.logical_not().nonzero()[0])
        raise ValueError(
            f"{name} row {row} has no finite length; look for NaN, infinity or huge values in it"
        )
    return squares
