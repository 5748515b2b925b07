"""Three libraries that build HNSW graphs, behind one interface.

Each returns squared distances and, where it found fewer than k items, index −1 at an infinite
distance. Left to themselves the libraries differ: see the notes of the classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import numpy as np
from tqdm.auto import tqdm

Neighbours = tuple[np.ndarray, np.ndarray]
"""``(squared_distances, indices)``, both ``(Q, k)``: float32 and int64."""

GRAPH_FILE = "graph.bin"


@dataclass(frozen=True)
class Settings:
    """What an HNSW graph is built with; :class:`HNSWIndex` explains the numbers.

    Example:
        >>> Settings(M=16, ef_construction=200, seed=0, threads=1)
        Settings(M=16, ef_construction=200, seed=0, threads=1)
    """

    M: int
    ef_construction: int
    seed: int
    threads: int


class Backend(ABC):
    """A graph over the rows of float32 arrays, numbered in the order in which they came.

    Example:
        >>> settings = Settings(M=16, ef_construction=200, seed=0, threads=1)
        >>> graph: Backend = BACKENDS["faiss"](3, settings)
        >>> graph.add(np.eye(3, dtype=np.float32), progress=False)
        >>> squared_distances, indices = graph.search(np.eye(3, dtype=np.float32), k=1, ef=100)
        >>> indices.tolist()
        [[0], [1], [2]]
    """

    grows: ClassVar[bool] = True
    """Whether rows can be added to a graph that is built."""

    def __init__(self, dimension: int, settings: Settings) -> None:
        self.dimension = dimension
        self.settings = settings
        self.size = 0

    @abstractmethod
    def add(self, rows: np.ndarray, progress: bool) -> None:
        """Link ``(N, D)`` rows into the graph."""

    @abstractmethod
    def search(self, queries: np.ndarray, k: int, ef: int) -> Neighbours:
        """Return the k nearest rows that a search as wide as ``ef`` finds, nearest first."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the graph into a folder."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Read a graph that :meth:`save` wrote."""


class Nmslib(Backend):
    """nmslib, which the slides use: it builds once, and its random levels cannot be seeded.

    Its hnsw index for l2 returns *squared* distances, where its exact search and its hnsw without
    the optimised layout return roots. It may find fewer than k items, and then just returns fewer.

    Example:
        >>> graph = Nmslib(2, Settings(M=16, ef_construction=200, seed=0, threads=1))
        >>> graph.add(np.array([[0, 0], [3, 4]], dtype=np.float32), progress=False)
        >>> query = np.zeros((1, 2), dtype=np.float32)
        >>> squared_distances, indices = graph.search(query, k=2, ef=100)
        >>> squared_distances.tolist(), indices.tolist()
        ([[0.0, 25.0]], [[0, 1]])
    """

    grows = False

    def __init__(self, dimension: int, settings: Settings) -> None:
        super().__init__(dimension, settings)
        self._index = imported("nmslib").init(method="hnsw", space="l2")

    def add(self, rows: np.ndarray, progress: bool) -> None:
        self._index.addDataPointBatch(rows)
        parameters = {
            "M": self.settings.M,
            "efConstruction": self.settings.ef_construction,
            "indexThreadQty": self.settings.threads,
            "post": 0,
        }
        self._index.createIndex(parameters, print_progress=progress)
        self.size = len(rows)

    def search(self, queries: np.ndarray, k: int, ef: int) -> Neighbours:
        self._index.setQueryTimeParams({"efSearch": ef})
        found = self._index.knnQueryBatch(queries, k=k, num_threads=self.settings.threads)
        distances, indices = nothing_found(len(queries), k)
        for row, (items, squared) in enumerate(found):
            distances[row, : len(items)], indices[row, : len(items)] = squared, items
        return distances, indices

    def save(self, folder: Path) -> None:
        self._index.saveIndex(str(folder / GRAPH_FILE), save_data=True)

    def load(self, folder: Path) -> None:
        self._index.loadIndex(str(folder / GRAPH_FILE), load_data=True)
        self.size = len(self._index)


class Faiss(Backend):
    """faiss, which builds the same graph again for the same seed, with one thread.

    It returns squared distances, and pads with index −1 at the largest float32.

    Example:
        >>> graph = Faiss(2, Settings(M=16, ef_construction=200, seed=0, threads=1))
        >>> graph.add(np.array([[0, 0], [3, 4]], dtype=np.float32), progress=False)
        >>> query = np.zeros((1, 2), dtype=np.float32)
        >>> squared_distances, indices = graph.search(query, k=2, ef=100)
        >>> squared_distances.tolist(), indices.tolist()
        ([[0.0, 25.0]], [[0, 1]])
    """

    def __init__(self, dimension: int, settings: Settings) -> None:
        super().__init__(dimension, settings)
        self._faiss = imported("faiss")
        self._index = self._faiss.IndexHNSWFlat(dimension, settings.M)
        self._index.hnsw.efConstruction = settings.ef_construction
        self._index.hnsw.rng = self._faiss.RandomGenerator(settings.seed)

    def add(self, rows: np.ndarray, progress: bool) -> None:
        with faiss_threads(self._faiss, self.settings.threads):
            for portion in portions(rows, progress):
                self._index.add(portion)
        self.size += len(rows)

    def search(self, queries: np.ndarray, k: int, ef: int) -> Neighbours:
        with faiss_threads(self._faiss, self.settings.threads):
            # Not by `params=`: faiss.contrib.torch_utils, once anybody imports it, takes it away.
            self._index.hnsw.efSearch = ef
            distances, indices = self._index.search(queries, k)
        distances[indices < 0] = np.inf
        return distances, indices

    def save(self, folder: Path) -> None:
        self._faiss.write_index(self._index, str(folder / GRAPH_FILE))

    def load(self, folder: Path) -> None:
        self._index = self._faiss.read_index(str(folder / GRAPH_FILE))
        self.dimension, self.size = self._index.d, self._index.ntotal


class Hnswlib(Backend):
    """hnswlib, by the authors of the method. It comes as source and needs a C++ compiler.

    It returns squared distances, and refuses a whole batch when one query has fewer than k results.
    """

    def __init__(self, dimension: int, settings: Settings) -> None:
        super().__init__(dimension, settings)
        self._index = imported("hnswlib").Index(space="l2", dim=dimension)
        self._is_empty = True

    def add(self, rows: np.ndarray, progress: bool) -> None:
        total = self.size + len(rows)
        if self._is_empty:
            self._index.init_index(
                max_elements=total,
                M=self.settings.M,
                ef_construction=self.settings.ef_construction,
                random_seed=self.settings.seed,
            )
            self._is_empty = False
        else:
            self._index.resize_index(total)
        for portion in portions(rows, progress):
            self._index.add_items(portion, num_threads=self.settings.threads)
        self.size = total

    def search(self, queries: np.ndarray, k: int, ef: int) -> Neighbours:
        self._index.set_ef(ef)
        try:
            indices, distances = self._index.knn_query(
                queries, k=k, num_threads=self.settings.threads
            )
        except RuntimeError:  # a query has fewer than k results
            distances, indices = nothing_found(len(queries), k)
            for row, query in enumerate(queries):
                items, squared = self._as_many_as_there_are(query, k)
                distances[row, : len(items)], indices[row, : len(items)] = squared, items
        return distances, indices.astype(np.int64)

    def _as_many_as_there_are(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        for fewer in range(k, 0, -1):
            try:
                items, squared = self._index.knn_query(query[None], k=fewer, num_threads=1)
            except RuntimeError:
                continue
            return items[0], squared[0]
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)

    def save(self, folder: Path) -> None:
        self._index.save_index(str(folder / GRAPH_FILE))

    def load(self, folder: Path) -> None:
        self._index.load_index(str(folder / GRAPH_FILE))
        self._is_empty = False
        self.size = self._index.element_count


BACKENDS: dict[str, type[Backend]] = {"nmslib": Nmslib, "faiss": Faiss, "hnswlib": Hnswlib}


def nothing_found(n_queries: int, k: int) -> Neighbours:
    """Return results to be filled in: index −1, infinitely far.

    Example:
        >>> nothing_found(1, 3)
        (array([[inf, inf, inf]], dtype=float32), array([[-1, -1, -1]]))
    """
    return (
        np.full((n_queries, k), np.inf, dtype=np.float32),
        np.full((n_queries, k), -1, dtype=np.int64),
    )


def portions(rows: np.ndarray, progress: bool) -> Iterator[np.ndarray]:
    """Yield the rows in portions, with a bar of those that were dealt with.

    Example:
        >>> [len(portion) for portion in portions(np.zeros((2500, 4)), progress=False)]
        [1000, 1000, 500]
    """
    size = max(1000, -(-len(rows) // 50))
    with tqdm(total=len(rows), desc="HNSW", unit="rows", disable=not progress) as bar:
        for start in range(0, len(rows), size):
            portion = rows[start : start + size]
            yield portion
            bar.update(len(portion))


@contextmanager
def faiss_threads(faiss: ModuleType, threads: int) -> Iterator[None]:
    """Let faiss use this many threads within a block.

    faiss keeps one number of threads for the whole process; the old number comes back afterwards.

    Example:
        >>> import faiss
        >>> with faiss_threads(faiss, 1):
        ...     print(faiss.omp_get_max_threads())
        1
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def imported(library: str) -> ModuleType:
    """Import a backend's library, or say how to get it.

    Example:
        >>> imported("faiss").__name__
        'faiss'
    """
    try:
        return import_module(library)
    except ImportError as error:
        installed = {"faiss": "faiss-cpu"}.get(library, library)
        compiler = " (it needs a C++ compiler)" if library == "hnswlib" else ""
        raise ImportError(
            f"the backend {library!r} is not installed; install it with "
            f"`pip install {installed}`{compiler}, or take another: "
            f"{', '.join(name for name in BACKENDS if name != library)}"
        ) from error
