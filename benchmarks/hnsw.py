"""HNSW by each backend, exact search and the slides' loop, at the size of the KFU course."""

from statistics import median

from benchmarks.contestants import (
    D,
    K,
    Measured,
    exact,
    flat_faiss,
    hnsw,
    measure_once,
    slides_loop,
)
from benchmarks.harness import OURS, Claim, Comparison, Row

QUERIES, RETRIEVAL = 4566, 19479
SLIDES = "slides: nmslib, a query at a time"
MAX_TURNS = 3  # a turn builds seven graphs

CONTESTANTS = {
    OURS: (exact,),
    "faiss IndexFlatL2": (flat_faiss,),
    **{
        f"HNSWIndex {backend}, ef_search {ef}": (hnsw, backend, ef)
        for backend in ("nmslib", "faiss", "hnswlib")
        for ef in (100, 400)
    },
    SLIDES: (slides_loop,),
}


def available() -> dict[str, tuple]:
    """The contestants whose library is installed: hnswlib is left to those with a compiler."""
    try:
        import hnswlib  # noqa: F401
    except ImportError:
        return {name: how for name, how in CONTESTANTS.items() if "hnswlib" not in how}
    return CONTESTANTS


def comparison(title: str, results: dict[str, list[Measured]]) -> Comparison:
    """A row for each contestant, by the time from embeddings to neighbours."""
    rows = []
    for name, turns in results.items():
        build, search = median(t.build for t in turns), median(t.search for t in turns)
        recall, memory = min(t.recall for t in turns), median(t.memory for t in turns)
        remark = (
            f"build {build:.2f} s, search {search:.2f} s, recall@{K} {recall:.3f}, "
            f"{memory / 2**20:.0f} MiB"
        )
        rows.append(Row(name, median(t.seconds for t in turns), remark))
    return Comparison(title, rows)


def measure(repeats: int) -> list[Comparison]:
    """Search in the sizes of the course's validation set."""
    results: dict[str, list[Measured]] = {name: [] for name in available()}
    for _ in range(min(repeats, MAX_TURNS)):
        for name, how in available().items():
            results[name].append(measure_once(QUERIES, RETRIEVAL, *how))
    table = comparison(
        f"HNSW and exact search: {QUERIES} queries x {RETRIEVAL} x {D}, clustered, k = {K}", results
    )
    table.claim_faster(SLIDES, 10)
    lowest = min(turn.recall for turn in results[OURS])
    table.claims.append(Claim(f"ours at recall@{K} >= 0.99", f"{lowest:.3f}", lowest >= 0.99))
    indexes = [name for name in results if name.startswith("HNSWIndex")]
    table.claims.append(
        Claim(
            "at this size exact search, built and searched, beats every HNSW index",
            f"the nearest takes {min(table.ratio(name) for name in indexes):.1f}x as long",
            all(table.ratio(name) > 1 for name in indexes),
        )
    )
    return [table]
