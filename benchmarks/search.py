"""``k_nearest`` against faiss's exact index, in time and in what it finds."""

from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import torch

from benchmarks.harness import OURS, Claim, Comparison, Row, interleaved_medians, unit_rows
from course_lib.distances import k_nearest

QUERIES, RETRIEVAL, D, K = 4566, 19479, 128, 5
CLEAR = 1e-5  # the k-th and the next distance must differ by this for the ids to be determined


def measure(repeats: int) -> list[Comparison]:
    """Search in the sizes of the course's validation set."""
    queries, retrieval = unit_rows(QUERIES, D, seed=0), unit_rows(RETRIEVAL, D, seed=1)
    query_array, retrieval_array = queries.numpy(), retrieval.numpy()
    faiss.omp_set_num_threads(torch.get_num_threads())

    def search_with_faiss(k: int = K) -> tuple[np.ndarray, np.ndarray]:
        index = faiss.IndexFlatL2(D)
        index.add(retrieval_array)
        return index.search(query_array, k)

    peer = "faiss IndexFlatL2"
    contestants: dict[str, Callable[[], Any]] = {
        OURS: lambda: k_nearest(queries, retrieval, K),
        peer: search_with_faiss,
    }
    seconds = interleaved_medians(contestants, repeats)
    comparison = Comparison(
        f"Exact search: {QUERIES} queries x {RETRIEVAL} x {D}, k = {K}",
        [Row(name, seconds[name]) for name in contestants],
    )
    comparison.claim_faster(peer, 0.7)

    peer_distances, peer_ids = map(torch.from_numpy, search_with_faiss(K + 1))
    clear = peer_distances[:, K] - peer_distances[:, K - 1] > CLEAR
    ids = k_nearest(queries, retrieval, K)[1].sort(dim=1).values
    same = (ids == peer_ids[:, :K].sort(dim=1).values).all(dim=1)
    differ = int((clear & ~same).sum())
    comparison.claims.append(
        Claim(
            f"the same ids wherever distances {K} and {K + 1} differ by more than {CLEAR:g}",
            f"{differ} of {int(clear.sum())} queries differ",
            differ == 0,
        )
    )
    return [comparison]
