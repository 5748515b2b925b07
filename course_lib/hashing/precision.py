"""Average precision of rankings by Hamming distance, with ties.

Such rankings have many ties, and an average precision depends on how they are broken: of five codes
equally far, two of them relevant, it lies anywhere from 0.33 to 1. So say how you break ties.
"""

import numpy as np
import torch
from torch import Tensor

from course_lib.hashing.codes import hamming_distances
from course_lib.hashing.search import QUERIES_AT_ONCE, for_each_query, nearest_in
from course_lib.validation import (
    require_at_most,
    require_choice,
    require_integer_distances,
    require_integers,
    require_labels,
    require_packed,
    require_same_device,
)

TIES = ("index", "expected")
DIVISORS = ("found", "possible", "relevant")


def average_precision_at_k(
    distances: Tensor, relevant: Tensor, k: int, *, divisor: str = "found"
) -> Tensor:
    """Compute AP@k of each ranking by distance, equal distances by index.

    AP@k = 1/T Σ_t t / rank_t, where rank_t is the rank of the t-th relevant item among the first k.

    Args:
        distances: ``(Q, N)`` integers, such as Hamming distances: of each query from each item.
        relevant: ``(Q, N)`` bool.
        k: ranks looked at, 1 <= k <= N.
        divisor: T. ``"found"``: the relevant items among the first k, as hashing papers do.
            ``"possible"``: as many as there could be, min(k, relevant items). ``"relevant"``: all
            relevant items.

    Returns:
        ``(Q,)`` float64, in [0, 1]. 0 where none of the first k is relevant; NaN where none of the
        whole row is.

    Raises:
        TypeError, ValueError: the inputs are not as said above.

    Example:
        >>> distances = torch.tensor([[0, 2, 1, 2]])
        >>> relevant = torch.tensor([[True, True, False, True]])
        >>> average_precision_at_k(distances, relevant, k=3)
        tensor([0.8333], dtype=torch.float64)
        >>> average_precision_at_k(distances, relevant, k=3, divisor="relevant")
        tensor([0.5556], dtype=torch.float64)
    """
    require_integer_distances(distances, relevant)
    require_integers(1, k=k)
    require_at_most(distances.shape[1], f"a row has {distances.shape[1]} items", k=k)
    require_choice(DIVISORS, divisor=divisor)

    nearest = distances.argsort(dim=1, stable=True)[:, :k]
    hits = relevant.gather(1, nearest)  # (Q, k)
    ranks = torch.arange(1, k + 1, device=distances.device)
    precisions = hits.cumsum(dim=1).double() / ranks
    found, count = hits.sum(dim=1), relevant.sum(dim=1)
    divisors = {"found": found, "possible": count.clamp(max=k), "relevant": count}
    average = (precisions * hits).sum(dim=1) / divisors[divisor].clamp(min=1)
    return average.masked_fill(count == 0, torch.nan)


def hamming_average_precision(
    query_codes: Tensor,
    query_labels: Tensor,
    database_codes: Tensor,
    database_labels: Tensor,
    k: int | None = None,
    *,
    ties: str = "index",
    divisor: str = "found",
) -> Tensor:
    """Compute the average precision of each query's ranking of a database by Hamming distance.

    AP@k = 1/T Σ_t t / rank_t, where rank_t is the rank of the t-th relevant code among the first k.

    Args:
        query_codes: ``(Q, B)`` uint8 packed codes.
        query_labels: ``(Q,)`` integer labels.
        database_codes: ``(N, B)`` uint8 packed codes on the same device.
        database_labels: ``(N,)`` integer labels.
        k: ranks looked at, 1 <= k <= N; None for all of them.
        ties: how codes equally far are ordered. ``"index"``: by their place in the database, as in
            :func:`hamming_search`. ``"expected"``: not at all; the mean over all orders is given.
            For all ranks only.
        divisor: T. ``"found"``: the relevant codes among the first k, as hashing papers do.
            ``"possible"``: as many as there could be, min(k, relevant codes). ``"relevant"``: all
            relevant codes. They differ only where k is given.

    Returns:
        ``(Q,)`` float64 on the CPU, in [0, 1]. 0 where none of the first k is relevant; NaN where
        none of the whole database is.

    Raises:
        TypeError, ValueError: codes or labels do not fit, k is out of range, or ``ties`` or
            ``divisor`` is unknown.

    Source: McSherry & Najork, "Computing Information Retrieval Performance Measures Efficiently in
    the Presence of Tied Scores", ECIR 2008, section 3.3, for the expectation.

    Example:
        >>> from course_lib.hashing import pack_codes
        >>> queries, database = pack_codes(torch.eye(8)[:1]), pack_codes(torch.eye(8))
        >>> labels = torch.tensor([1, 0, 1, 0, 1, 0, 1, 0])
        >>> hamming_average_precision(queries, labels[:1], database, labels)
        tensor([0.7095], dtype=torch.float64)
        >>> hamming_average_precision(queries, labels[:1], database, labels, ties="expected")
        tensor([0.7454], dtype=torch.float64)
    """
    require_packed(query_codes=query_codes, database_codes=database_codes)
    require_same_device(query_codes=query_codes, database_codes=database_codes)
    require_labels(query_labels, "query_labels", of=query_codes)
    require_labels(database_labels, "database_labels", of=database_codes)
    require_choice(TIES, ties=ties)
    require_choice(DIVISORS, divisor=divisor)
    if k is not None:
        require_integers(1, k=k)
        require_at_most(len(database_codes), f"the database has {len(database_codes)} codes", k=k)
        if ties == "expected":
            raise ValueError('ties="expected" needs all ranks: leave out k')

    ranks = len(database_codes) if k is None else k
    if query_codes.device.type != "cpu" and ties == "index":
        # Sorting is quick there; codes and distances stay where they are.
        return _dense(
            query_codes, query_labels, database_codes, database_labels, ranks, divisor
        ).cpu()

    labels, others = query_labels.cpu().numpy(), database_labels.cpu().numpy()
    harmonic = np.concatenate([[0.0], (1 / np.arange(1, len(others) + 1)).cumsum()])

    def look(query: int, distances: np.ndarray) -> float:
        relevant = others == labels[query]
        if ties == "expected":
            return _expected(distances, relevant, harmonic)
        return _by_index(distances, relevant, ranks, divisor)

    return torch.tensor(
        for_each_query(query_codes.cpu(), database_codes.cpu(), look), dtype=torch.float64
    )


def hamming_mean_average_precision(
    query_codes: Tensor,
    query_labels: Tensor,
    database_codes: Tensor,
    database_labels: Tensor,
    k: int | None = None,
    *,
    ties: str = "index",
    divisor: str = "found",
) -> float:
    """Return the mean of :func:`hamming_average_precision` over the queries with a relevant code.

    Returns:
        A number in [0, 1].

    Raises:
        TypeError, ValueError: codes, labels or k do not fit, or no query has a relevant code.

    Example:
        >>> from course_lib.hashing import pack_codes
        >>> packed, labels = pack_codes(torch.eye(8)), torch.tensor([1, 0, 1, 0, 1, 0, 1, 0])
        >>> hamming_mean_average_precision(packed[:2], labels[:2], packed, labels)
        0.6672619047619047
    """
    precisions = hamming_average_precision(
        query_codes, query_labels, database_codes, database_labels, k, ties=ties, divisor=divisor
    )
    answerable = precisions[~precisions.isnan()]
    if len(answerable) == 0:
        raise ValueError("no query has a relevant code: the two sets share no label")
    return answerable.mean().item()


def _dense(
    query_codes: Tensor,
    query_labels: Tensor,
    database_codes: Tensor,
    database_labels: Tensor,
    k: int,
    divisor: str,
) -> Tensor:
    """Compute :func:`average_precision_at_k` of Hamming distances, block by block of queries."""
    blocks = zip(
        query_codes.split(QUERIES_AT_ONCE), query_labels.split(QUERIES_AT_ONCE), strict=True
    )
    return torch.cat(
        [
            average_precision_at_k(
                hamming_distances(codes, database_codes),
                labels[:, None] == database_labels,
                k,
                divisor=divisor,
            )
            for codes, labels in blocks
        ]
    )


def _by_index(distances: np.ndarray, relevant: np.ndarray, ranks: int, divisor: str) -> float:
    count = int(np.count_nonzero(relevant))
    if count == 0:
        return np.nan
    order, _ = nearest_in(distances, ranks)
    found = np.flatnonzero(relevant[order]) + 1  # ranks of the relevant codes
    divisors = {"found": len(found), "possible": min(ranks, count), "relevant": count}
    precisions = np.arange(1, len(found) + 1) / found
    return float(precisions.sum() / max(divisors[divisor], 1))


def _expected(distances: np.ndarray, relevant: np.ndarray, harmonic: np.ndarray) -> float:
    hits = np.bincount(distances[relevant])
    if len(hits) == 0:
        return np.nan
    here = np.bincount(distances, minlength=len(hits))[: len(hits)]
    before, hits_before = here.cumsum() - here, hits.cumsum() - hits
    at = hits > 0
    n, r, before, hits_before = here[at], hits[at], before[at], hits_before[at]
    # Of n codes equally far, r relevant, each place is a relevant one's with probability r/n, and
    # (i − 1)(r − 1)/(n − 1) of the i − 1 places above place i in the tie are, too. Summed over i:
    sums = harmonic[before + n] - harmonic[before]
    others = (r - 1) / np.maximum(n - 1, 1)
    totals = r / n * ((hits_before + 1) * sums + others * (n - (before + 1) * sums))
    return float(totals.sum() / hits.sum())
