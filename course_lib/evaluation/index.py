"""Approximate nearest neighbours by a graph: HNSW.

Source: Malkov & Yashunin, "Efficient and robust approximate nearest neighbor search using
Hierarchical Navigable Small World graphs", TPAMI 2018.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_lib.evaluation.backends import BACKENDS, GRAPH_FILE, Backend, Settings
from course_lib.validation import (
    require_at_most,
    require_choice,
    require_embeddings,
    require_integers,
)

DESCRIPTION_FILE = "index.json"


class HNSWIndex:
    """A graph that links every embedding with near embeddings, and a search along the links.

    An exact search measures every item; this search measures a few hundred. It may miss some of the
    nearest items: :func:`index_recall` says how many. Larger values of the three settings miss
    fewer and cost more.

    Args:
        space: "l2", the squared Euclidean distance. On rows of length 1 it orders as the cosine
            does, so normalise the rows (``l2_normalize``) to search by cosine.
        backend: "nmslib" (the slides' library), "faiss", or "hnswlib" (to be installed on its own).
        M: links of an item in each layer (in the lowest 2M), >= 2. Memory grows with it.
        ef_construction: candidates kept when an item is linked, >= 1: building time.
        ef_search: candidates kept in a search, >= 1; never fewer than the neighbours asked for.
            Searching time. May be set at any time: ``index.ef_search = 400``.
        seed: seed of the random layers of items.
        threads: number of threads; by default as many as torch uses.
        progress: show how far building is.

    Note:
        With ``threads=1`` and the same seed, faiss and hnswlib build the same graph again; with
        more, the order in which threads link items differs, and with it a few neighbours. nmslib
        takes no seed: of equal graphs in one process no two are the same.

    Example:
        >>> index = HNSWIndex(backend="faiss", threads=1).add(torch.eye(4))
        >>> index
        HNSWIndex('l2', 'faiss', M=16, ef_construction=200, ef_search=100): 4 items
        >>> squared_distances, indices = index.search(torch.eye(4)[:2], k=1)
        >>> indices
        tensor([[0],
                [1]])
        >>> index.save("graph")
        >>> len(HNSWIndex.load("graph"))
        4
    """

    def __init__(
        self,
        space: str = "l2",
        backend: str = "nmslib",
        *,
        M: int = 16,  # noqa: N803 - the paper's name, and every library's
        ef_construction: int = 200,
        ef_search: int = 100,
        seed: int = 0,
        threads: int | None = None,
        progress: bool = False,
    ) -> None:
        threads = torch.get_num_threads() if threads is None else threads
        require_choice(("l2",), space=space)
        require_choice(tuple(BACKENDS), backend=backend)
        require_integers(2, M=M)
        require_integers(1, ef_construction=ef_construction, threads=threads)
        require_integers(0, seed=seed)
        self.space = space
        self.backend = backend
        self.settings = Settings(M, ef_construction, seed, threads)
        self.ef_search = ef_search
        self.progress = progress
        self._graph: Backend | None = None

    @property
    def ef_search(self) -> int:
        """Candidates kept in a search."""
        return self._ef_search

    @ef_search.setter
    def ef_search(self, value: int) -> None:
        require_integers(1, ef_search=value)
        self._ef_search = value

    def __len__(self) -> int:
        """Return the number of items in the index."""
        return 0 if self._graph is None else self._graph.size

    def __repr__(self) -> str:
        return (
            f"HNSWIndex({self.space!r}, {self.backend!r}, M={self.settings.M}, "
            f"ef_construction={self.settings.ef_construction}, ef_search={self.ef_search}): "
            f"{len(self)} items"
        )

    def add(self, embeddings: Tensor) -> HNSWIndex:
        """Link embeddings into the graph; they are numbered on from those already there.

        Args:
            embeddings: ``(N, D)``, floating point, finite; kept as float32.

        Returns:
            The index itself.

        Raises:
            TypeError, ValueError: no finite floating-point matrix, of another width than before, or
                the backend is nmslib, which builds a graph once, and has built it.
            ImportError: the backend is not installed.
        """
        rows = self._rows("embeddings", embeddings)
        if self._graph is None:
            graph = BACKENDS[self.backend](rows.shape[1], self.settings)
        elif self._graph.grows:
            graph = self._graph
        else:
            raise ValueError(
                f"{self.backend} cannot add to a graph that is built; add all embeddings at once "
                "to a new index, or take another backend"
            )
        graph.add(rows, self.progress)
        self._graph = graph
        return self

    def search(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Find the k nearest items of each query; :func:`k_nearest` is the exact counterpart.

        Args:
            queries: ``(Q, D)``, floating point, finite; all are searched in one call, by
                ``threads`` threads.
            k: neighbours per query, 1 <= k <= number of items.

        Returns:
            ``(squared_distances, indices)``, both ``(Q, k)``, nearest first, on the queries'
            device: float32 and int64. Where fewer than k items were found, the places at the end
            have index −1 and distance inf. Mind that ``labels[-1]`` is the last item's label.

        Raises:
            TypeError, ValueError: no finite floating-point matrix, of another width than the items,
                ``k`` out of range, or the index is empty.
        """
        if self._graph is None:
            raise ValueError("the index is empty; add embeddings before you search")
        rows = self._rows("queries", queries)
        require_integers(1, k=k)
        require_at_most(len(self), f"the index holds {len(self)} rows", k=k)
        distances, indices = self._graph.search(rows, k, ef=max(self.ef_search, k))
        device = queries.device
        return torch.from_numpy(distances).to(device), torch.from_numpy(indices).to(device)

    def save(self, folder: str | Path) -> None:
        """Write the index into a folder, which is made when missing.

        Raises:
            ValueError: the index is empty.
        """
        if self._graph is None:
            raise ValueError("the index is empty; there is nothing to save")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._graph.save(folder)
        description = {
            "space": self.space,
            "backend": self.backend,
            **asdict(self.settings),
            "ef_search": self.ef_search,
            "dimension": self._graph.dimension,
            "size": len(self),
        }
        text = json.dumps(description, indent=2) + "\n"
        (folder / DESCRIPTION_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> HNSWIndex:
        """Read an index that :meth:`save` wrote.

        The backends trust the files that they read: load only what you or somebody you trust wrote.

        Raises:
            FileNotFoundError: there is no saved index in the folder.
            ValueError: the description is damaged, or belongs to another graph.
            ImportError: the backend is not installed.
        """
        path = Path(folder) / DESCRIPTION_FILE
        missing = [n for n in (DESCRIPTION_FILE, GRAPH_FILE) if not path.with_name(n).is_file()]
        if missing:
            raise FileNotFoundError(f"{folder} holds no saved index: {missing[0]} is missing")
        try:
            saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            size, dimension = saved.pop("size"), saved.pop("dimension")
            require_integers(1, size=size, dimension=dimension)
            index = cls(**saved)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} does not describe an index: {error}") from error
        graph = BACKENDS[index.backend](dimension, index.settings)
        graph.load(Path(folder))
        if (graph.size, graph.dimension) != (size, dimension):
            raise ValueError(
                f"{path} describes {size} x {dimension} embeddings, the graph beside it holds "
                f"{graph.size} x {graph.dimension}; save the index again"
            )
        index._graph = graph
        return index

    def _rows(self, name: str, embeddings: Tensor) -> np.ndarray:
        """Check embeddings, and return them as the backends want them."""
        require_embeddings(**{name: embeddings}, allow_empty=False)
        if self._graph is not None and embeddings.shape[1] != self._graph.dimension:
            raise ValueError(
                f"{name} have {embeddings.shape[1]} columns, the index has {self._graph.dimension}"
            )
        rows = embeddings.detach().cpu().float().contiguous()
        finite = rows.isfinite().all(dim=1)
        if not finite.all():
            row = int(finite.logical_not().nonzero()[0])
            raise ValueError(f"{name} row {row} holds NaN, infinity or a value beyond float32")
        return rows.numpy()
