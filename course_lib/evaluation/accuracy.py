"""Top-k accuracy: the figure of merit of the course's slides."""

from typing import Protocol

from torch import Tensor

from course_lib.distances import k_nearest
from course_lib.validation import (
    require_at_most,
    require_comparable,
    require_index,
    require_integers,
    require_labels,
)


class Index(Protocol):
    """An interface: whatever finds neighbours in a retrieval set that it was given before.

    Example:
        >>> import torch
        >>> from course_lib.evaluation import HNSWIndex
        >>> index: Index = HNSWIndex(backend="faiss").add(torch.eye(3))
        >>> squared_distances, indices = index.search(torch.eye(3)[:2], k=1)
        >>> indices
        tensor([[0],
                [1]])
    """

    def __len__(self) -> int:
        """Return the number of rows of the retrieval set."""
        ...

    def search(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return squared distances and indices, both ``(Q, k)``; index −1 for nothing found."""
        ...


def top_k_accuracy(
    query_embeddings: Tensor,
    query_labels: Tensor,
    retrieval_embeddings: Tensor,
    retrieval_labels: Tensor,
    k: int = 5,
    *,
    index: Index | None = None,
) -> float:
    """Return the share of the queries that have an item of their own label among the k found.

    One item of the label among the k is enough: this is no precision. A query whose label the
    retrieval set lacks is a miss (:func:`queries_without_relevant` counts these queries).

    Args:
        query_embeddings: ``(Q, D)``, floating point.
        query_labels: ``(Q,)`` integer product ids.
        retrieval_embeddings: ``(R, D)``, of the same dtype and device.
        retrieval_labels: ``(R,)`` integer product ids.
        k: neighbours looked at, 1 <= k <= R.
        index: made of ``retrieval_embeddings``. Its ``search(query_embeddings, k)`` gives
            ``(squared_distances, indices)``, both ``(Q, k)``, like :func:`k_nearest`, but with
            index −1 in the places for which it found nothing: no item stands there. None searches
            exactly, with :func:`k_nearest`.

    Returns:
        A number in [0, 1]. With ``index`` None it equals :func:`recall_at_k`.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, an input is empty, ``k`` is out
            of range, or ``index`` holds another number of rows.

    Example:
        >>> import torch
        >>> queries, retrieval = torch.tensor([[0.0], [4.0]]), torch.tensor([[0.1], [0.3], [9.0]])
        >>> labels = torch.tensor([1, 2]), torch.tensor([3, 1, 2])
        >>> top_k_accuracy(queries, labels[0], retrieval, labels[1], k=1)
        0.0
        >>> top_k_accuracy(queries, labels[0], retrieval, labels[1], k=2)
        0.5
    """
    require_comparable(
        query_embeddings, retrieval_embeddings, ("query_embeddings", "retrieval_embeddings")
    )
    require_labels(query_labels, "query_labels", of=query_embeddings)
    require_labels(retrieval_labels, "retrieval_labels", of=retrieval_embeddings)
    require_integers(1, k=k)
    require_at_most(
        len(retrieval_labels), f"the retrieval set has {len(retrieval_labels)} rows", k=k
    )
    require_index(index, of=retrieval_embeddings)

    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    # −1 would fetch the last item's label.
    hits = (nearest >= 0) & (retrieval_labels[nearest] == query_labels[:, None])
    return hits.any(dim=1).sum().item() / len(hits)
