"""Hamming search, mean average precision and ADSH's code update, against their usual forms."""

from collections.abc import Callable
from functools import partial
from typing import Any

import faiss
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.harness import (
    OURS,
    Claim,
    Comparison,
    Row,
    interleaved_medians,
    peak_in_fresh_process,
)
from course_lib.hashing import (
    hamming_mean_average_precision,
    hamming_search,
    pack_codes,
    similarity_products,
    soft_similarities,
    unpack_codes,
    update_codes,
)

QUERIES, ITEMS, BITS, CLASSES = 5000, 50_000, 48, 200
SAMPLE, GAMMA = 2000, 200.0
LOOPED = 200
"""Queries that the loop is timed on; its time is a query's times their number."""
NEIGHBOURS = 10


def loop_in_numpy(
    query_codes: Tensor,
    query_labels: Tensor,
    database_codes: Tensor,
    database_labels: Tensor,
    k: int | None = None,
) -> np.ndarray:
    """DeepHash-pytorch's CalcTopMap restated, with a stable sort: one precision a query.

    Codes are unpacked and labels one-hot, ``(N, classes)``, as there.
    """
    n_bits = query_codes.shape[1] * 8
    queries = unpack_codes(query_codes, n_bits).numpy()
    database = unpack_codes(database_codes, n_bits).numpy()
    own, others = query_labels.numpy(), database_labels.numpy()
    precisions = np.zeros(len(queries))
    for i, query in enumerate(queries):
        relevant = (own[i] @ others.T > 0).astype(np.float32)
        distances = 0.5 * (n_bits - query @ database.T)
        hits = relevant[np.argsort(distances, kind="stable")][:k]
        count = int(hits.sum())
        if count:
            ranks = np.flatnonzero(hits) + 1.0
            precisions[i] = np.mean(np.linspace(1, count, count) / ranks)
    return precisions


def published_update(
    codes: Tensor, outputs: Tensor, sample: Tensor, similarities: Tensor
) -> Tensor:
    """ADSH's update of all bits restated: with the dense similarity matrix, a bit left out each."""
    n_bits = codes.shape[1]
    own = torch.zeros_like(codes)
    own[sample] = outputs
    q = -2 * n_bits * similarities.T @ outputs - 2 * GAMMA * own
    codes = codes.clone()
    for k in range(n_bits):
        others = [bit for bit in range(n_bits) if bit != k]
        inner = codes[:, others] @ (outputs[:, others].T @ outputs[:, k])
        codes[:, k] = -torch.sign(q[:, k] + 2 * inner)
    return codes


def measure(repeats: int) -> list[Comparison]:
    """Search, mean average precision, update."""
    return [_search(repeats), _precision(repeats), _update(repeats)]


def _search(repeats: int) -> Comparison:
    queries, database = _codes(QUERIES, seed=1), _codes(ITEMS, seed=2)
    faiss.omp_set_num_threads(torch.get_num_threads())
    index = faiss.IndexBinaryFlat(BITS)
    index.add(database.numpy())
    peer = "faiss IndexBinaryFlat"
    contestants: dict[str, Callable[[], Any]] = {
        OURS: lambda: hamming_search(queries, database, NEIGHBOURS)[0],
        peer: lambda: index.search(queries.numpy(), NEIGHBOURS)[0],
    }
    seconds = interleaved_medians(contestants, repeats)
    equal = np.array_equal(contestants[OURS]().numpy(), contestants[peer]())
    comparison = Comparison(
        f"The {NEIGHBOURS} nearest of {ITEMS} codes of {BITS} bits, {QUERIES} queries",
        [Row(name, seconds[name]) for name in contestants],
    )
    comparison.claim_faster(peer, 0.5)
    comparison.claims.append(Claim("the same distances", "yes" if equal else "no", equal))
    return comparison


def _precision(repeats: int) -> Comparison:
    generator = torch.Generator().manual_seed(0)
    labels, others = (torch.randint(CLASSES, (n,), generator=generator) for n in (QUERIES, ITEMS))
    queries, database = _codes(QUERIES, seed=1), _codes(ITEMS, seed=2)
    few = slice(LOOPED)
    hot, others_hot = (one_hot(ids, CLASSES).float() for ids in (labels[few], others))
    contestants = {
        OURS: lambda: hamming_mean_average_precision(queries, labels, database, others),
        "ties by expectation": lambda: hamming_mean_average_precision(
            queries, labels, database, others, ties="expected"
        ),
    }
    loop = "a loop over the queries in NumPy"
    seconds = interleaved_medians(contestants, repeats)
    looped = partial(loop_in_numpy, queries[few], hot, database, others_hot)
    seconds |= interleaved_medians({loop: looped}, max(repeats // 3, 1))
    seconds[loop] *= QUERIES / LOOPED
    expected = looped().mean()
    found = hamming_mean_average_precision(queries[few], labels[few], database, others)
    comparison = Comparison(
        f"Mean average precision over all ranks: {QUERIES} queries, {ITEMS} codes of {BITS} bits",
        [
            Row(OURS, seconds[OURS], "ties by index"),
            Row("ties by expectation", seconds["ties by expectation"]),
            Row(loop, seconds[loop], f"of {LOOPED} queries, scaled to {QUERIES}"),
        ],
    )
    comparison.claim_faster(loop, 20.0)
    close = bool(abs(found - expected) < 1e-12)
    comparison.claims.append(Claim("equal values", f"{found:.6f}, {expected:.6f}", close))
    return comparison


def _update(repeats: int) -> Comparison:
    ours, published = _Update(dense=False), _Update(dense=True)
    peer = "with the dense similarity matrix, as published"
    forms = {OURS: False, peer: True}
    seconds = interleaved_medians({OURS: ours, peer: published}, repeats)
    peaks = {name: peak_in_fresh_process(_Update, dense) for name, dense in forms.items()}
    comparison = Comparison(
        f"ADSH's code update: {ITEMS} codes of {BITS} bits, a sample of {SAMPLE}",
        [Row(name, seconds[name], f"peak {peaks[name] / 2**20:.0f} MiB") for name in peaks],
    )
    comparison.claim_faster(peer, 5.0)
    differ = (ours() != published()).float().mean().item()
    comparison.claims.append(
        Claim("the same codes, but for rounding", f"{differ:.1e} of the bits differ", differ < 1e-5)
    )
    return comparison


class _Update:
    """One sweep over all bits, from outputs, codes and labels."""

    def __init__(self, dense: bool) -> None:
        self.dense = dense
        generator = torch.Generator().manual_seed(0)
        self.sample = torch.randperm(ITEMS, generator=generator)[:SAMPLE]
        self.labels = torch.randint(CLASSES, (ITEMS,), generator=generator)
        self.outputs = torch.randn(SAMPLE, BITS, generator=generator).tanh()
        self.codes = unpack_codes(_codes(ITEMS, seed=3), BITS)

    def __call__(self) -> Tensor:
        own = self.labels[self.sample]
        if self.dense:
            similarities = soft_similarities(own, self.labels)
            return published_update(self.codes, self.outputs, self.sample, similarities)
        products, _ = similarity_products(self.outputs, own, self.labels)
        return update_codes(self.codes, self.outputs, self.sample, products, GAMMA)


def _codes(n: int, seed: int) -> Tensor:
    return pack_codes(torch.randn(n, BITS, generator=torch.Generator().manual_seed(seed)))
