"""An index of packed codes: our own search, or faiss's, exact or with a graph."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from course_lib.evaluation.backends import faiss_threads
from course_lib.hashing.search import hamming_search
from course_lib.validation import (
    require_at_most,
    require_choice,
    require_integers,
    require_packed,
)

BACKENDS = ("flat", "hnsw", "numpy")
DESCRIPTION, CODES, GRAPH = "index.json", "codes.safetensors", "index.faiss"
NOT_FOUND = torch.iinfo(torch.int16).max
"""Distance of what a graph did not find; codes are never as far apart."""


class BinaryIndex:
    """Packed codes that can be searched, added to, and kept on disk.

    Args:
        backend: ``"flat"``, faiss's exact search; ``"hnsw"``, faiss's graph, which may miss some of
            the nearest; ``"numpy"``, :func:`hamming_search`, which needs no faiss.
        M: links of a code in each layer of the graph (in the lowest 2M), >= 2.
        ef_construction: candidates kept when a code is linked, >= 1.
        ef_search: candidates kept in a search, >= 1; never fewer than the neighbours asked for.
        seed: seed of the graph's random layers.
        threads: number of faiss's threads; by default as many as torch uses.

    Note:
        Results come by distance, and equally far codes by index. All backends but the graph give
        the same distances. But of codes that are all as far as the last one found, only
        ``"numpy"`` takes those with the smallest index; faiss does not say which it takes.

    Example:
        >>> from course_lib.hashing import pack_codes
        >>> packed = pack_codes(torch.tensor([[1, 1, -1], [1, -1, -1], [-1, -1, 1]]))
        >>> index = BinaryIndex("flat").add(packed)
        >>> index.search(packed[:1], k=2)
        (tensor([[0, 1]], dtype=torch.int16), tensor([[0, 1]]))
        >>> index.save("codes")
        >>> len(BinaryIndex.load("codes"))
        3
    """

    def __init__(
        self,
        backend: str = "flat",
        *,
        M: int = 16,  # noqa: N803 - the paper's name, and every library's
        ef_construction: int = 200,
        ef_search: int = 100,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        threads = torch.get_num_threads() if threads is None else threads
        require_choice(BACKENDS, backend=backend)
        require_integers(2, M=M)
        require_integers(1, ef_construction=ef_construction, ef_search=ef_search, threads=threads)
        require_integers(0, seed=seed)
        self.backend = backend
        self.settings = {
            "M": M,
            "ef_construction": ef_construction,
            "ef_search": ef_search,
            "seed": seed,
            "threads": threads,
        }
        self._codes: Tensor | None = None
        self._index: Any = None

    def __len__(self) -> int:
        """Return the number of codes in the index."""
        if self._codes is not None:
            return len(self._codes)
        return 0 if self._index is None else int(self._index.ntotal)

    @property
    def n_bytes(self) -> int | None:
        """Width of the packed codes; None before there are any."""
        if self._codes is not None:
            return self._codes.shape[1]
        return None if self._index is None else int(self._index.code_size)

    def add(self, codes: Tensor) -> BinaryIndex:
        """Add codes; they are numbered on from those already there.

        Args:
            codes: ``(N, B)`` uint8 packed codes on any device.

        Returns:
            The index itself.

        Raises:
            TypeError, ValueError: no uint8 matrix, or of another width than before.
            ImportError: the backend needs faiss, which is not installed.
        """
        rows = self._rows(codes=codes)
        if self.backend == "numpy":
            self._codes = rows if self._codes is None else torch.cat([self._codes, rows])
            return self
        faiss = _faiss(self.backend)
        if self._index is None:
            self._index = self._new(faiss, 8 * rows.shape[1])
        with faiss_threads(faiss, self.settings["threads"]):
            self._index.add(rows.numpy())
        return self

    def search(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Find the k codes nearest to each query.

        Args:
            queries: ``(Q, B)`` uint8 packed codes.
            k: neighbours a query, 1 <= k <= number of codes.

        Returns:
            ``(distances, indices)``, int16 and int64, both ``(Q, k)``, on the queries' device.
            Where the graph found fewer than k, the places at the end have index −1 and a distance
            of 32767. Mind that ``labels[-1]`` is the last code's label.

        Raises:
            TypeError, ValueError: the queries are no uint8 matrix of the codes' width, k is out of
                range, or the index is empty.
        """
        if not len(self):
            raise ValueError("the index is empty; add codes before you search")
        rows = self._rows(queries=queries)
        require_integers(1, k=k)
        require_at_most(len(self), f"the index holds {len(self)} codes", k=k)
        if self._codes is not None:
            distances, indices = hamming_search(rows, self._codes, k)
        else:
            distances, indices = self._search_faiss(rows, k)
        return distances.to(queries.device), indices.to(queries.device)

    def save(self, folder: str | Path) -> None:
        """Write the index into a folder, which is made when missing.

        Raises:
            ValueError: the index is empty.
        """
        if not len(self):
            raise ValueError("the index is empty; there is nothing to save")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if self._codes is not None:
            save_file({"codes": self._codes}, folder / CODES)
        else:
            _faiss(self.backend).write_index_binary(self._index, str(folder / GRAPH))
        about = {
            "backend": self.backend,
            **self.settings,
            "size": len(self),
            "n_bytes": self.n_bytes,
        }
        (folder / DESCRIPTION).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> BinaryIndex:
        """Read an index that :meth:`save` wrote.

        faiss trusts the files that it reads: load only what you or somebody you trust wrote.

        Raises:
            FileNotFoundError: there is no saved index in the folder.
            ValueError: the description is damaged, or belongs to another index.
            ImportError: the backend needs faiss, which is not installed.
        """
        folder = Path(folder)
        try:
            about: dict[str, Any] = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            size, n_bytes = about.pop("size"), about.pop("n_bytes")
            index = cls(**about)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{folder} holds no saved index: {DESCRIPTION} is missing"
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"{folder / DESCRIPTION} does not describe an index: {error}"
            ) from error
        file = folder / (CODES if index.backend == "numpy" else GRAPH)
        if not file.is_file():
            raise FileNotFoundError(f"{folder} holds no saved index: {file.name} is missing")
        if index.backend == "numpy":
            index._codes = load_file(file)["codes"]
        else:
            index._index = _faiss(index.backend).read_index_binary(str(file))
        if (len(index), index.n_bytes) != (size, n_bytes):
            raise ValueError(
                f"{folder / DESCRIPTION} describes {size} codes of {n_bytes} bytes, {file.name} "
                f"holds {len(index)} of {index.n_bytes}; save the index again"
            )
        return index

    def _new(self, faiss: ModuleType, n_bits: int) -> Any:
        if self.backend == "flat":
            return faiss.IndexBinaryFlat(n_bits)
        index = faiss.IndexBinaryHNSW(n_bits, self.settings["M"])
        index.hnsw.efConstruction = self.settings["ef_construction"]
        index.hnsw.rng = faiss.RandomGenerator(self.settings["seed"])
        return index

    def _search_faiss(self, queries: Tensor, k: int) -> tuple[Tensor, Tensor]:
        if not len(queries):
            return torch.empty(0, k, dtype=torch.int16), torch.empty(0, k, dtype=torch.int64)
        faiss = _faiss(self.backend)
        if self.backend == "hnsw":
            self._index.hnsw.efSearch = max(self.settings["ef_search"], k)
        with faiss_threads(faiss, self.settings["threads"]):
            distances, indices = self._index.search(queries.numpy(), k)
        distances[indices < 0] = NOT_FOUND
        order = np.lexsort((indices, distances), axis=1)
        distances, indices = (np.take_along_axis(rows, order, 1) for rows in (distances, indices))
        return torch.from_numpy(distances.astype(np.int16)), torch.from_numpy(indices)

    def _rows(self, **given: Tensor) -> Tensor:
        """Check packed codes and their width, and return them on the CPU."""
        require_packed(**given)
        ((name, packed),) = given.items()
        if self.n_bytes not in (None, packed.shape[1]):
            raise ValueError(
                f"{name} has {packed.shape[1]} bytes a row, the index has {self.n_bytes}"
            )
        return packed.detach().cpu().contiguous()


def _faiss(backend: str) -> ModuleType:
    try:
        return import_module("faiss")
    except ImportError as error:
        raise ImportError(
            f"the backend {backend!r} needs faiss; install it with `pip install faiss-cpu`, or "
            'take backend="numpy"'
        ) from error
