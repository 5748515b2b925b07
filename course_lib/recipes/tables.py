"""The results of a recipe, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean

from course_lib.recipes.config import Hash, Recipe

FLOATS = "float embeddings"
TITLES = {
    "pairwise": "pairwise, in two stages",
    "head": "asymmetric, one layer on embeddings",
    "asymmetric": "asymmetric, end to end",
    "a2net": "A²-Net",
    "semicon": "SEMICON",
}
DATABASES = {"map_network": "by the network", "map": "learnt"}
"""Where the codes of the database come from; the metric of each."""

Results = dict[str, dict[str, float]]
"""Rung -> metric on the test split, and seconds of training."""


def as_markdown(recipe: Recipe, results: Mapping[int, Results]) -> str:
    """Write the results as a table: mean over the seeds, in brackets the lowest and the highest.

    Example:
        >>> from course_lib.recipes import read_recipe
        >>> first = {"recall@1": 0.5, "recall@5": 0.9, "map": 0.6, "seconds": 60.0}
        >>> results = {0: {"triplet": first}, 1: {"triplet": {**first, "recall@1": 0.7}}}
        >>> print(as_markdown(read_recipe("04_birds"), results))
        | stage | recall@1 | recall@5 | mAP | training, s |
        |---|---:|---:|---:|---:|
        | genus classifier, then triplets of species | 60.0 (50.0 to 70.0) | 90.0 | 60.0 | 60 |
    """
    if recipe.hash is not None:
        return _hash_table(recipe.hash, results.values())
    titles = {name: stage.title or name for name, stage in recipe.stages.items()}
    lines = [
        "| stage | recall@1 | recall@5 | mAP | training, s |",
        "|---|---:|---:|---:|---:|",
    ]
    first = next(iter(results.values()))
    for rung in first:
        cells = [titles.get(rung, rung)]
        for metric in ("recall@1", "recall@5", "map"):
            cells.append(_spread([100 * rungs[rung][metric] for rungs in results.values()]))
        seconds = [rungs[rung].get("seconds", 0.0) for rungs in results.values()]
        cells.append(f"{mean(seconds):.0f}" if any(seconds) else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def hash_rung(method: str, bits: int) -> str:
    """Return the name of a method's codes of a length, as the results have it.

    Example:
        >>> hash_rung("head", 12)
        'head-12'
    """
    return f"{method}-{bits}"


def _hash_table(hashing: Hash, results: Iterable[Results]) -> str:
    seeds = list(results)
    lines = [
        f"| method | codes of the database | {' | '.join(f'{b} bits' for b in hashing.bits)} |",
        f"|---|---|{'---:|' * len(hashing.bits)}",
    ]
    floats = _spread([100 * rungs[FLOATS]["map"] for rungs in seeds])
    lines.append(f"| {FLOATS} | |{f' {floats} |' * len(hashing.bits)}")
    for method in hashing.methods:
        for metric, database in DATABASES.items():
            cells = [TITLES[method], database]
            for bits in hashing.bits:
                rung = hash_rung(method, bits)
                cells.append(_spread([100 * rungs[rung][metric] for rungs in seeds]))
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _spread(values: list[float]) -> str:
    if max(values) - min(values) < 0.05:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"
