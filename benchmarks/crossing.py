"""From how many queries on does building an HNSW graph pay? Against exact search, to a million.

Takes half an hour on two cores, so it runs only when it is named; docs/exact-or-hnsw.md has the
tables.
"""

from collections.abc import Iterator

from benchmarks.contestants import D, K, Measured, exact, hnsw, measure_once
from benchmarks.harness import OURS, Claim, Comparison
from benchmarks.hnsw import QUERIES, available, comparison

SIZES = (20_000, 50_000, 100_000, 200_000)
LARGE_SIZES = (500_000, 1_000_000)
"""For exact search and faiss only: the other two take too long to build."""
ENOUGH = 0.95
"""Recall below which an index is no substitute for exact search."""


def measure(repeats: int) -> Iterator[Comparison]:
    """One table a size, as soon as it is measured; once each, whatever ``repeats`` says."""
    backends = ["nmslib", "faiss", "hnswlib"]
    if not any("hnswlib" in how for how in available().values()):
        backends.remove("hnswlib")
    for size in (*SIZES, *LARGE_SIZES):
        results = {OURS: [measure_once(QUERIES, size, exact)]}
        for backend in backends if size in SIZES else ["faiss"]:
            # More items need a wider search for the same recall.
            results[f"HNSWIndex {backend}"] = [measure_once(QUERIES, size, hnsw, backend, 200)]
        table = comparison(f"Exact or HNSW: {size} x {D}, clustered, k = {K}", results)
        table.claims = [_pays_off(results)]
        yield table


def _pays_off(results: dict[str, list[Measured]]) -> Claim:
    """From how many queries on an index is faster than exact search, its building included."""
    ((exactly,), *indexes) = results.values()
    found = []
    for name, (index,) in zip(list(results)[1:], indexes, strict=True):
        saved = (exactly.search - index.search) / QUERIES
        note = "" if index.recall >= ENOUGH else f" (recall below {ENOUGH})"
        found.append(
            f"{name} from {index.build / saved:,.0f} queries on{note}"
            if saved > 0
            else f"{name} never"
        )
    return Claim(
        f"exact search wins at {QUERIES} queries",
        "an index pays off: " + "; ".join(found),
        all(exactly.seconds < index.seconds for (index,) in indexes),
    )
