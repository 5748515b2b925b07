"""Distances of embeddings, and exact search for the nearest.

Distances are squared Euclidean throughout: they order neighbours as the root does, cost no root,
and have a gradient everywhere. On unit rows they lie in [0, 4] and equal 2 − 2 cos.
"""

import torch
from torch import Tensor

from course_lib.shortlists import shortlists
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_embeddings,
    require_floating,
    require_integers,
    require_positive,
)


def l2_normalize(x: Tensor, eps: float = 1e-12) -> Tensor:
    """Scale every row to Euclidean length 1: x / max(‖x‖₂, eps).

    Args:
        x: ``(N, D)`` embeddings, floating point.
        eps: smallest length divided by; a zero row stays zero.

    Returns:
        ``(N, D)`` tensor of the dtype and device of ``x``, which stays unchanged.

    Raises:
        TypeError, ValueError: ``x`` is no non-empty floating-point matrix, or ``eps`` not positive.

    Example:
        >>> l2_normalize(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    require_embeddings(x=x)
    require_positive(eps=eps)

    # float16 ends at 65504: the square of 300 overflows and 1e-12 is 0, so lengths are float32.
    wide = torch.promote_types(x.dtype, torch.float32)
    lengths = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=wide)  # (N, 1)
    return (x / lengths.clamp_min(eps)).to(x.dtype)


def pairwise_squared_distances(x: Tensor, y: Tensor | None = None) -> Tensor:
    """Compute the squared Euclidean distance of every row of ``x`` from every row of ``y``.

    ‖x_i − y_j‖² = ‖x_i‖² + ‖y_j‖² − 2 ⟨x_i, y_j⟩, so that one matrix product does the work and no
    ``(N, M, D)`` tensor is made.

    Args:
        x: ``(N, D)`` embeddings, floating point.
        y: ``(M, D)`` embeddings of the same dtype and device; None compares ``x`` with itself.

    Returns:
        ``(N, M)`` tensor of the dtype and device of ``x``, nowhere negative. With ``y`` None it is
        exactly symmetric with an exactly zero diagonal.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or an input is empty.

    Note:
        The error is a few roundings of ‖x_i‖² + ‖y_j‖², however small the distance: about 1e-6 for
        float32 unit rows. Subtract a common offset, or pass float64, where rows are long and close.

    Example:
        >>> x = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
        >>> pairwise_squared_distances(x)
        tensor([[ 0., 25.],
                [25.,  0.]])
        >>> pairwise_squared_distances(x, torch.tensor([[0.0, 1.0]]))
        tensor([[ 1.],
                [18.]])
    """
    require_comparable(x, y)

    wide = torch.promote_types(x.dtype, torch.float32)
    rows = x.to(wide)
    columns = rows if y is None else y.to(wide)
    # ‖y‖² − 2⟨x, y⟩, then ‖x‖² on top, in place: fresh N x M matrices cost more than the product.
    distances = torch.addmm(columns.square().sum(dim=1), rows, columns.T, alpha=-2)  # (N, M)
    distances += rows.square().sum(dim=1, keepdim=True)
    # Nearly equal numbers were subtracted; rounding can leave a little less than 0.
    distances.clamp_(min=0)
    if y is None:
        # The same rounding leaves d(i, i) near 0 and d(i, j) near d(j, i), but equal to neither.
        # Only the values need mending; the gradients are right as they are.
        with torch.no_grad():
            mirror_upper_triangle_(distances)
    return distances.to(x.dtype)


def mirror_upper_triangle_(matrix: Tensor, block: int = 512) -> Tensor:
    """Copy the upper triangle onto the lower and set the diagonal to 0, in place.

    Args:
        matrix: ``(N, N)`` tensor; what is below the diagonal is overwritten.
        block: rows and columns moved at a time. Blocks stay in the cache, where transposing the
            whole matrix at once would miss it with every element.

    Returns:
        ``matrix`` itself.

    Example:
        >>> matrix = torch.tensor([[9.0, 1.0, 2.0], [9.0, 9.0, 3.0], [9.0, 9.0, 9.0]])
        >>> mirror_upper_triangle_(matrix)
        tensor([[0., 1., 2.],
                [1., 0., 3.],
                [2., 3., 0.]])
    """
    for start in range(0, len(matrix), block):
        here, below = slice(start, start + block), slice(start + block, None)
        corner = matrix[here, here].triu(diagonal=1)
        matrix[here, here] = corner + corner.T
        matrix[below, here] = matrix[here, below].T
    return matrix


def cosine_similarities(x: Tensor, y: Tensor | None = None) -> Tensor:
    """Compute the cosine of the angle between every row of ``x`` and every row of ``y``.

    Args:
        x: ``(N, D)`` embeddings of any length, floating point.
        y: ``(M, D)`` embeddings of the same dtype and device; None compares ``x`` with itself.

    Returns:
        ``(N, M)`` tensor in [−1, 1] of the dtype and device of ``x``. A zero row has cosine 0.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or an input is empty.

    Example:
        >>> x = torch.tensor([[3.0, 4.0]])
        >>> cosine_similarities(x, torch.tensor([[1.0, 0.0], [-6.0, -8.0]]))
        tensor([[ 0.6000, -1.0000]])
    """
    require_comparable(x, y)

    rows = l2_normalize(x)
    columns = rows if y is None else l2_normalize(y)
    # Rounding can leave 1.0000001, of which arccos is NaN.
    return (rows @ columns.T).clamp(-1, 1)


def squared_distances_from_cosine(similarities: Tensor) -> Tensor:
    """Turn cosines of unit vectors into squared distances: ‖u − v‖² = 2 − 2 ⟨u, v⟩.

    Args:
        similarities: cosines of unit vectors, any shape, floating point.

    Returns:
        Tensor of the same shape and dtype, in [0, 4]. Nearest is where the cosine is largest.

    Raises:
        TypeError: ``similarities`` is no floating-point tensor.

    Example:
        >>> squared_distances_from_cosine(torch.tensor([1.0, 0.0, -1.0]))
        tensor([0., 2., 4.])
    """
    require_floating(similarities=similarities)

    # A cosine of 1.0000001, as rounding leaves it, must not become a negative distance.
    return (2 - 2 * similarities).clamp(0, 4)


def k_nearest(
    queries: Tensor, retrieval: Tensor, k: int, *, chunk_size: int = 512
) -> tuple[Tensor, Tensor]:
    """Find the k rows of the retrieval set that are nearest to each query, exactly.

    Args:
        queries: ``(Q, D)`` embeddings, floating point, finite.
        retrieval: ``(R, D)`` embeddings of the same dtype and device.
        k: neighbours per query, 1 <= k <= R.
        chunk_size: queries compared at a time, >= 1. Peak memory grows with ``chunk_size * R``, not
            with ``Q * R``; results do not depend on it.

    Returns:
        ``(squared_distances, indices)``, both ``(Q, k)``, nearest first, detached from the graph.
        Equal distances are ordered by index, smaller first. Distances have the dtype of the
        embeddings, float32 for half precision; indices are int64.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty or not
            finite, or ``k`` or ``chunk_size`` is out of range.

    Example:
        >>> retrieval = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
        >>> squared_distances, indices = k_nearest(torch.tensor([[0.0, 0.0]]), retrieval, k=2)
        >>> squared_distances, indices
        (tensor([[0., 1.]]), tensor([[0, 2]]))
    """
    require_comparable(queries, retrieval, ("queries", "retrieval"))
    require_integers(1, k=k, chunk_size=chunk_size)
    require_at_most(len(retrieval), f"the retrieval set has {len(retrieval)} rows", k=k)

    wide = torch.promote_types(queries.dtype, torch.float32)
    queries, retrieval = queries.detach().to(wide), retrieval.detach().to(wide)
    ranks = torch.arange(k, device=queries.device)
    neighbours = []
    # The matrix product alone would blur nearly equal distances. It only chooses the candidates;
    # their distances come from differences, so that equal rows are equally far.
    for rows, items, distances in shortlists(queries, retrieval, k, chunk_size):
        # Sorted by query, then distance, then index: stable sorts, the last key first.
        order = items.argsort()
        order = order[distances[order].argsort(stable=True)]
        order = order[rows[order].argsort(stable=True)]
        counts = torch.bincount(rows)
        starts = counts.cumsum(dim=0) - counts
        nearest = order[starts[:, None] + ranks]  # (chunk, k)
        neighbours.append((distances[nearest], items[nearest]))
    squared_distances, indices = zip(*neighbours, strict=True)
    return torch.cat(squared_distances), torch.cat(indices)
