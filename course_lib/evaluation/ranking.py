"""Measures of exact rankings: recall at k, average precision."""

import torch
from torch import Tensor

from course_lib.distances import k_nearest
from course_lib.validation import require_comparable, require_labels, require_ranking


def recall_at_k(
    query_embeddings: Tensor,
    query_labels: Tensor,
    retrieval_embeddings: Tensor,
    retrieval_labels: Tensor,
    k: int,
) -> float:
    """Return the share of the queries that have a relevant item among their k nearest.

    Also called hit rate, CMC@k or "top-k accuracy"; it is neither precision (how many of the k are
    relevant) nor the recall of information retrieval (how many of the relevant are found). A query
    without any relevant item is a miss.

    Args:
        query_embeddings: ``(Q, D)``, floating point.
        query_labels: ``(Q,)`` integer product ids.
        retrieval_embeddings: ``(R, D)``, of the same dtype and device.
        retrieval_labels: ``(R,)`` integer product ids.
        k: neighbours looked at, 1 <= k <= R.

    Returns:
        A number in [0, 1].

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty, or k is out
            of range.

    Example:
        >>> queries, retrieval = torch.tensor([[0.0], [4.0]]), torch.tensor([[0.1], [0.3], [9.0]])
        >>> labels = torch.tensor([1, 2]), torch.tensor([3, 1, 2])
        >>> recall_at_k(queries, labels[0], retrieval, labels[1], k=1)
        0.0
        >>> recall_at_k(queries, labels[0], retrieval, labels[1], k=2)
        0.5
    """
    require_comparable(
        query_embeddings, retrieval_embeddings, ("query_embeddings", "retrieval_embeddings")
    )
    require_labels(query_labels, "query_labels", of=query_embeddings)
    require_labels(retrieval_labels, "retrieval_labels", of=retrieval_embeddings)

    _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    hits = (retrieval_labels[nearest] == query_labels[:, None]).any(dim=1)
    return hits.sum().item() / len(hits)


def average_precision_of_rankings(relevant: Tensor) -> Tensor:
    """Return the average precision of complete rankings.

    It is the mean of the precisions at the ranks of the relevant items; the precision at a rank is
    the share of relevant items up to it. Ties are broken already: a ranking has an order, as
    :func:`k_nearest` gives it by index. :func:`course_lib.losses.average_precision` takes
    similarities instead, and gives equal similarities the better rank.

    Args:
        relevant: ``(..., R)`` bool, nearest first: is the item at this rank relevant?

    Returns:
        ``(...)`` float64 on the CPU, in (0, 1]; NaN for a ranking without any relevant item, whose
        average precision is not defined.

    Raises:
        TypeError, ValueError: ``relevant`` is not bool, or has no ranks.

    Source: Manning, Raghavan & Schütze, "Introduction to Information Retrieval", 2008, eq. 8.8.

    Example:
        >>> average_precision_of_rankings(torch.tensor([[True, False, True], [False, True, False]]))
        tensor([0.8333, 0.5000], dtype=torch.float64)
    """
    require_ranking(relevant)

    relevant = relevant.cpu()
    ranks = torch.arange(1, relevant.shape[-1] + 1)
    precisions = relevant.cumsum(dim=-1) / ranks.double()
    return (precisions * relevant).sum(dim=-1) / relevant.sum(dim=-1)


def mean_average_precision(
    query_embeddings: Tensor,
    query_labels: Tensor,
    retrieval_embeddings: Tensor,
    retrieval_labels: Tensor,
    *,
    chunk_size: int = 512,
) -> float:
    """Return the mean of the queries' average precisions, each over the whole retrieval set.

    Queries without any relevant item have no average precision and are left out; averaging them in
    as 0 would measure the data set. Count them with :func:`queries_without_relevant`.

    Args:
        query_embeddings: ``(Q, D)``, floating point.
        query_labels: ``(Q,)`` integer product ids.
        retrieval_embeddings: ``(R, D)``, of the same dtype and device.
        retrieval_labels: ``(R,)`` integer product ids.
        chunk_size: queries ranked at a time; peak memory grows with ``chunk_size * R``.

    Returns:
        A number in (0, 1].

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty, or no query
            has a relevant item.

    Example:
        >>> queries, retrieval = torch.tensor([[0.0], [4.0]]), torch.tensor([[0.1], [0.3], [9.0]])
        >>> labels = torch.tensor([1, 2]), torch.tensor([3, 1, 2])
        >>> mean_average_precision(queries, labels[0], retrieval, labels[1])
        0.41666666666666663
    """
    require_comparable(
        query_embeddings, retrieval_embeddings, ("query_embeddings", "retrieval_embeddings")
    )
    require_labels(query_labels, "query_labels", of=query_embeddings)
    require_labels(retrieval_labels, "retrieval_labels", of=retrieval_embeddings)

    answerable = ~queries_without_relevant(query_labels, retrieval_labels)
    if not answerable.any():
        raise ValueError("no query has a relevant item: the two sets share no label")
    chunks = zip(
        query_embeddings[answerable].split(chunk_size),
        query_labels[answerable].split(chunk_size),
        strict=True,
    )
    precisions = []
    for embeddings, labels in chunks:
        _, ranking = k_nearest(embeddings, retrieval_embeddings, len(retrieval_embeddings))
        precisions.append(
            average_precision_of_rankings(retrieval_labels[ranking] == labels[:, None])
        )
    return torch.cat(precisions).mean().item()


def queries_without_relevant(query_labels: Tensor, retrieval_labels: Tensor) -> Tensor:
    """Say which queries have no relevant item in the retrieval set: ``(Q,)`` bool.

    Args:
        query_labels: ``(Q,)`` integer product ids.
        retrieval_labels: ``(R,)`` integer product ids on the same device.

    Raises:
        TypeError, ValueError: the labels are no non-empty vectors of integers.

    Example:
        >>> queries_without_relevant(torch.tensor([1, 2, 3]), torch.tensor([3, 1, 1]))
        tensor([False,  True, False])
    """
    require_labels(query_labels, "query_labels")
    require_labels(retrieval_labels, "retrieval_labels")
    return ~torch.isin(query_labels, retrieval_labels)
