"""Ten million images: 20 GB of vectors (512 float32 each), or 60 MB of codes (48 bits). A search.

Codes are searched at full size. Vectors are searched at a size that fits beside them, and their
time and memory are multiplied: an exact search looks at every item, so both grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.harness import (
    OURS,
    Claim,
    Comparison,
    Row,
    interleaved_medians,
    peak_in_fresh_process,
    unit_rows,
)
from course_lib.distances import k_nearest
from course_lib.hashing import BinaryIndex, hamming_search

ITEMS, FITTING = 10_000_000, 500_000
BITS, D = 48, 512
QUERIES, NEIGHBOURS = 32, 10
FLAT, FLOATS = "BinaryIndex('flat'), by faiss", f"k_nearest, float32, {D} dimensions"


def measure(repeats: int, items: int = ITEMS, fitting: int = FITTING) -> list[Comparison]:
    """Search among packed codes, ours and faiss's, beside search among vectors.

    Args:
        repeats: turns of each contestant.
        items: codes; and the number that the vectors' time and memory are scaled to.
        fitting: vectors that are really searched, at most ``items``.
    """
    seconds, same = _codes(repeats, items)
    seconds[FLOATS] = _vectors(repeats, fitting) * items / fitting
    stored, floats = items * BITS // 8, items * D * 4
    peaks = {
        OURS: peak_in_fresh_process(prepared_codes, items, "numpy"),
        FLAT: peak_in_fresh_process(prepared_codes, items, "flat"),
    }
    comparison = Comparison(
        f"At scale: the {NEIGHBOURS} nearest of {items} images, {QUERIES} queries together",
        [
            Row(name, seconds[name], remark(seconds[name], stored, peaks[name]))
            for name in (OURS, FLAT)
        ],
    )
    scaled = f"vectors {_size(floats)}; {fitting} searched, scaled to {items}"
    each = f"{1000 * seconds[FLOATS] / QUERIES:.3g} ms a query"
    comparison.rows.append(Row(FLOATS, seconds[FLOATS], f"{each}; {scaled}"))
    comparison.claims.append(Claim("the same distances as faiss", "yes" if same else "no", same))
    ratio = floats / stored
    comparison.claims.append(
        Claim("codes of less than a hundredth of the vectors' size", f"1/{ratio:.0f}", ratio > 100)
    )
    comparison.claim_faster(FLOATS, 1.0)
    return [comparison]


def _codes(repeats: int, items: int) -> tuple[dict[str, float], bool]:
    """Seconds of ours and faiss, and whether they find the same distances."""
    queries, database = random_codes(QUERIES, seed=1), random_codes(items, seed=2)
    index = BinaryIndex("flat").add(database)
    contestants = {
        OURS: lambda: hamming_search(queries, database, NEIGHBOURS)[0],
        FLAT: lambda: index.search(queries, NEIGHBOURS)[0],
    }
    same = torch.equal(contestants[OURS](), contestants[FLAT]())
    return interleaved_medians(contestants, repeats), same


def _vectors(repeats: int, items: int) -> float:
    vectors, queries = unit_rows(items, D, seed=2), unit_rows(QUERIES, D, seed=1)
    run = {FLOATS: lambda: k_nearest(queries, vectors, NEIGHBOURS)}
    return interleaved_medians(run, repeats)[FLOATS]


def remark(seconds: float, stored: int, peak: int) -> str:
    """What else is to be said of a search among codes."""
    each = f"{1000 * seconds / QUERIES:.3g} ms a query"
    return f"{each}; codes {_size(stored)}, and {_size(peak)} at the peak of a search"


def random_codes(n: int, seed: int) -> Tensor:
    """``(n, 6)`` packed codes of 48 random bits."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, BITS // 8), dtype=torch.uint8, generator=generator)


def prepared_codes(items: int, backend: str) -> Callable[[], tuple[Tensor, Tensor]]:
    """A search in a fresh process, with the libraries' own memory taken already."""
    queries = random_codes(QUERIES, seed=1)
    BinaryIndex(backend).add(random_codes(1000, seed=3)).search(queries, NEIGHBOURS)
    index = BinaryIndex(backend).add(random_codes(items, seed=2))
    return lambda: index.search(queries, NEIGHBOURS)


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.3g} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.3g} MB"
