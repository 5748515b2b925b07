"""``pairwise_squared_distances`` against ``torch.cdist`` and scikit-learn, in time and accuracy."""

import torch
from sklearn.metrics.pairwise import euclidean_distances

from benchmarks.harness import OURS, Claim, Comparison, Row, interleaved_medians, unit_rows
from course_lib.distances import pairwise_squared_distances

N, D = 4096, 512


def measure(repeats: int) -> list[Comparison]:
    """All distances of a set with itself, float32; errors are taken against float64."""
    x = unit_rows(N, D, seed=0)
    array = x.numpy()
    contestants = {
        OURS: lambda: pairwise_squared_distances(x),
        "torch.cdist(x, x) ** 2": lambda: torch.cdist(x, x) ** 2,
        "sklearn euclidean_distances": lambda: torch.from_numpy(
            euclidean_distances(array, squared=True)
        ),
    }
    seconds = interleaved_medians(contestants, repeats)
    expected = pairwise_squared_distances(x.double())
    errors = {name: (run() - expected).abs() for name, run in contestants.items()}
    mean_errors = {name: error.mean().item() for name, error in errors.items()}
    rows = [
        Row(
            name,
            seconds[name],
            f"error {mean_errors[name]:.1e} mean, {errors[name].max().item():.1e} max",
        )
        for name in contestants
    ]
    comparison = Comparison(f"All squared distances: {N} x {D}, float32", rows)
    better = [
        name
        for name in contestants
        if seconds[name] < seconds[OURS] and mean_errors[name] < mean_errors[OURS]
    ]
    comparison.claims.append(
        Claim("no peer both faster and more accurate", ", ".join(better) or "none is", not better)
    )
    return [comparison]
