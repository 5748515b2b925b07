"""How far embeddings are from each other, and which are nearest.

Distances are squared Euclidean throughout: they order neighbours as the root does, cost no root,
and have a gradient everywhere. On unit rows they lie in [0, 4] and equal 2 − 2 cos.
"""

import torch
from torch import Tensor

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
        ``(N, D)`` tensor of the dtype and device of ``x``, which is left as it is.

    Raises:
        TypeError, ValueError: ``x`` is no non-empty floating-point matrix, or ``eps`` not positive.
    """
    require_embeddings(x=x)
    require_positive(eps=eps)

    # float16 ends at 65504: the square of 300 overflows and 1e-12 is 0, so lengths are float32.
    wide = torch.promote_types(x.dtype, torch.float32)
    lengths = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=wide)
    return (x / lengths.clamp_min(eps)).to(x.dtype)


def pairwise_squared_distances(x: Tensor, y: Tensor | None = None) -> Tensor:
    """Squared Euclidean distance of every row of ``x`` from every row of ``y``.

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
    """
    require_comparable(x, y)

    wide = torch.promote_types(x.dtype, torch.float32)
    rows = x.to(wide)
    columns = rows if y is None else y.to(wide)
    row_squares = rows.square().sum(dim=1)
    column_squares = columns.square().sum(dim=1)
    products = rows @ columns.T
    # Nearly equal numbers are subtracted here; rounding can leave a little less than 0.
    distances = (row_squares[:, None] + column_squares[None, :] - 2 * products).clamp_min(0)
    if y is None:
        # The same rounding makes d(i, i) differ from 0 and, in the last bit, d(i, j) from d(j, i).
        # One triangle, mirrored, differs in neither.
        upper = distances.triu(diagonal=1)
        distances = upper + upper.T
    return distances.to(x.dtype)


def cosine_similarities(x: Tensor, y: Tensor | None = None) -> Tensor:
    """Cosine of the angle between every row of ``x`` and every row of ``y``.

    Args:
        x: ``(N, D)`` embeddings of any length, floating point.
        y: ``(M, D)`` embeddings of the same dtype and device; None compares ``x`` with itself.

    Returns:
        ``(N, M)`` tensor in [−1, 1] of the dtype and device of ``x``. A zero row has cosine 0.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or an input is empty.
    """
    require_comparable(x, y)

    rows = l2_normalize(x)
    columns = rows if y is None else l2_normalize(y)
    # Rounding can leave 1.0000001, of which arccos is NaN.
    return (rows @ columns.T).clamp(-1, 1)


def squared_distances_from_cosine(similarities: Tensor) -> Tensor:
    """Squared distances of unit vectors from their cosines: ‖u − v‖² = 2 − 2 ⟨u, v⟩.

    Args:
        similarities: cosines of unit vectors, any shape, floating point.

    Returns:
        Tensor of the same shape and dtype, in [0, 4]. Nearest is where the cosine is largest.

    Raises:
        TypeError: ``similarities`` is no floating-point tensor.
    """
    require_floating(similarities=similarities)

    # A cosine of 1.0000001, as rounding leaves it, must not become a negative distance.
    return (2 - 2 * similarities).clamp(0, 4)


def k_nearest(
    queries: Tensor, retrieval: Tensor, k: int, *, chunk_size: int = 256
) -> tuple[Tensor, Tensor]:
    """The k rows of the retrieval set that are nearest to each query: exact search.

    Args:
        queries: ``(Q, D)`` embeddings, floating point.
        retrieval: ``(R, D)`` embeddings of the same dtype and device.
        k: neighbours per query, 1 <= k <= R.
        chunk_size: queries compared at a time; peak memory grows with ``chunk_size * R``, not with
            ``Q * R``. Results do not depend on it.

    Returns:
        ``(squared_distances, indices)``, both ``(Q, k)``, nearest first, detached from the graph.
        Equal distances are ordered by index, smaller first.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty, or k or
            ``chunk_size`` is out of range.
    """
    require_comparable(queries, retrieval, ("queries", "retrieval"))
    require_integers(1, k=k, chunk_size=chunk_size)
    require_at_most(len(retrieval), f"the retrieval set has {len(retrieval)} rows", k=k)

    neighbours = []
    for chunk in queries.detach().split(chunk_size):
        distances = pairwise_squared_distances(chunk, retrieval.detach())
        # topk may return equal distances in any order; a stable sort keeps that of the indices.
        ordered = distances.sort(dim=1, stable=True)
        neighbours.append((ordered.values[:, :k], ordered.indices[:, :k]))
    squared_distances, indices = map(torch.cat, zip(*neighbours, strict=True))
    return squared_distances, indices
