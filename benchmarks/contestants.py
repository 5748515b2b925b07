"""The ways to find neighbours that ``hnsw`` measures, each in a fresh process of its own.

A fresh process, because memory that one contestant gave back would hide what the next one needs,
and because nmslib's random generator goes on from index to index.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.harness import peak_memory, restart_peak_memory
from course_lib.distances import k_nearest
from course_lib.evaluation import HNSWIndex, neighbor_recall

D, K = 128, 5
JUDGED = 1000
"""Queries of which recall is told where the retrieval set is large."""


@dataclass(frozen=True)
class Measured:
    """How a contestant did, once."""

    build: float
    """Seconds until it can search."""
    search: float
    """Seconds for all queries."""
    recall: float
    """Share of the exact K nearest that it found."""
    memory: int
    """Bytes at the peak of building and searching, beyond the embeddings."""

    @property
    def seconds(self) -> float:
        """From embeddings to neighbours."""
        return self.build + self.search


Search = Callable[[Tensor], Tensor]
"""Indices found for queries."""


def exact(retrieval: Tensor) -> Search:
    """Our exact search; nothing is built."""
    return lambda queries: k_nearest(queries, retrieval, K)[1]


def flat_faiss(retrieval: Tensor) -> Search:
    """faiss's exact search."""
    import faiss

    faiss.omp_set_num_threads(torch.get_num_threads())
    index = faiss.IndexFlatL2(D)
    index.add(retrieval.numpy())
    return lambda queries: torch.from_numpy(index.search(queries.numpy(), K)[1])


def hnsw(retrieval: Tensor, backend: str, ef_search: int) -> Search:
    """Our index, by one of its backends."""
    index = HNSWIndex(backend=backend, ef_search=ef_search).add(retrieval)
    return lambda queries: index.search(queries, K)[1]


def slides_loop(retrieval: Tensor) -> Search:
    """The slides' way: nmslib as it comes, asked for one query at a time."""
    import nmslib

    index = nmslib.init(method="hnsw", space="l2")
    index.addDataPointBatch(retrieval.numpy())
    index.createIndex()

    def search(queries: Tensor) -> Tensor:
        found = torch.full((len(queries), K), -1)
        for row, query in enumerate(queries.numpy()):
            items, _ = index.knnQuery(query, k=K)
            found[row, : len(items)] = torch.from_numpy(items).long()
        return found

    return search


def measure_once(
    n_queries: int, n_items: int, build: Callable[..., Search], *settings: object
) -> Measured:
    """Build and search once, in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(
            _measure_here, n_queries, n_items, build, settings, torch.get_num_threads()
        ).result()


def clustered(n: int, seed: int, n_products: int) -> Tensor:
    """``(n, D)`` float32 unit rows around the centres of products, those around 12 categories."""
    world, own = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    categories = torch.randn(12, D, generator=world)
    products = categories.repeat(-(-n_products // 12), 1)[:n_products]
    products = products + 0.7 * torch.randn(n_products, D, generator=world)
    rows = products[torch.randint(n_products, (n,), generator=own)]
    return normalize(rows.add_(torch.randn(n, D, generator=own), alpha=0.5), dim=1)


def _measure_here(
    n_queries: int, n_items: int, build: Callable[..., Search], settings: tuple, threads: int
) -> Measured:
    torch.set_num_threads(threads)
    # As in Stanford Online Products, about five photos of a product.
    retrieval = clustered(n_items, seed=1, n_products=n_items // 5)
    queries = clustered(n_queries, seed=2, n_products=n_items // 5)
    build(retrieval[:100], *settings)(queries[:2])  # imports, and the libraries' threads
    before = restart_peak_memory()
    start = perf_counter()
    search = build(retrieval, *settings)
    built = perf_counter()
    found = search(queries)
    searched = perf_counter()
    memory = peak_memory() - before
    judged = n_queries if n_items <= 20000 else min(JUDGED, n_queries)
    recall = neighbor_recall(queries[:judged], retrieval, found[:judged])
    return Measured(built - start, searched - built, recall, memory)
