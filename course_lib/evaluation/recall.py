"""Recall of an approximate search: the share of the exact neighbours that it finds."""

import torch
from torch import Tensor

from course_lib.distances import k_nearest
from course_lib.evaluation.accuracy import Index
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_found,
    require_index,
)


def neighbor_recall(queries: Tensor, retrieval: Tensor, found: Tensor) -> float:
    """Return the share of the exact k nearest neighbours that are among the k found.

    Items at the same distance are equally good: one counts as a nearest neighbour if it is no
    farther from its query than the k-th of the exact search. Comparing distances instead of ids
    makes that so.

    Args:
        queries: ``(Q, D)`` embeddings, floating point.
        retrieval: ``(R, D)`` embeddings of the same dtype and device.
        found: ``(Q, k)`` int64 indices of ``retrieval``, none twice for a query, in any order;
            1 <= k <= R. −1 where the search found nothing, which is a miss.

    Returns:
        A number in [0, 1]; 1 for an exact search.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or an input is empty.

    Example:
        >>> retrieval = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
        >>> neighbor_recall(torch.tensor([[0.1]]), retrieval, found=torch.tensor([[0, 3]]))
        0.5
    """
    require_comparable(queries, retrieval, ("queries", "retrieval"))
    require_found(found, queries=queries)
    require_at_most(
        len(retrieval), f"the retrieval set has {len(retrieval)} rows", k=found.shape[1]
    )

    exact, _ = k_nearest(queries, retrieval, found.shape[1])
    queries, retrieval = queries.to(exact.dtype), retrieval.to(exact.dtype)
    # A column at a time: all differences at once would be (Q, k, D).
    columns = [(queries - retrieval[items]).square().sum(dim=1) for items in found.T]  # k of (Q,)
    # The same distance, added up in another order, may differ in its last digits.
    limit = exact[:, -1:] * (1 + 8 * torch.finfo(exact.dtype).eps)
    near = (found >= 0) & (torch.stack(columns, dim=1) <= limit)
    return near.sum().item() / near.numel()


def index_recall(index: Index, queries: Tensor, retrieval: Tensor, k: int = 5) -> float:
    """Return the share of the exact k nearest neighbours that an index finds: its recall@k.

    Args:
        index: made of ``retrieval``.
        queries: ``(Q, D)`` embeddings, floating point.
        retrieval: ``(R, D)`` embeddings of the same dtype and device.
        k: neighbours sought, 1 <= k <= R.

    Returns:
        A number in [0, 1], as :func:`neighbor_recall` counts it. Not to be confused with
        :func:`recall_at_k`, which looks at labels.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty, or the index
            holds another number of rows.

    Example:
        >>> from course_lib.evaluation import HNSWIndex
        >>> retrieval = torch.rand(50, 8)
        >>> index = HNSWIndex(backend="faiss").add(retrieval)
        >>> index_recall(index, retrieval[:10], retrieval, k=1)
        1.0
    """
    require_index(index, of=retrieval)

    _, found = index.search(queries, k)
    return neighbor_recall(queries, retrieval, found)
