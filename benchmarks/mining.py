"""``semi_hard_triplets`` against pytorch-metric-learning and the course slides' double loop."""

from itertools import permutations

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor

from benchmarks.harness import OURS, Comparison, Row, interleaved_medians
from course_lib.distances import l2_normalize, pairwise_squared_distances
from course_lib.mining import semi_hard_triplets

MARGIN = 0.2
IMAGES_PER_PRODUCT = 4
TARGETS = {256: 8.0, 1024: 10.0}  # images in the batch -> times as fast as either peer


def loop_in_torch(distances: Tensor, labels: Tensor) -> list[tuple[int, int, int]]:
    """The slides' procedure on tensors: per product, per anchor-positive pair, one negative."""
    triplets = []
    for label in labels.unique():
        inside = labels == label
        negatives = (~inside).nonzero()[:, 0]
        for a, p in permutations(inside.nonzero()[:, 0].tolist(), 2):
            losses = distances[a, p] - distances[a, negatives] + MARGIN
            semi_hard = ((losses > 0) & (losses < MARGIN)).nonzero()[:, 0]
            if len(semi_hard) > 0:
                chosen = semi_hard[torch.randint(len(semi_hard), ())]
                triplets.append((a, p, int(negatives[chosen])))
    return triplets


def loop_in_numpy(distances: Tensor, labels: Tensor) -> list[tuple[int, int, int]]:
    """The same on NumPy arrays, whose single operations cost less."""
    matrix, ids = distances.numpy(), labels.numpy()
    rng = np.random.default_rng(0)
    triplets = []
    for label in np.unique(ids):
        inside = ids == label
        negatives = np.flatnonzero(~inside)
        for a, p in permutations(np.flatnonzero(inside).tolist(), 2):
            losses = matrix[a, p] - matrix[a, negatives] + MARGIN
            semi_hard = np.flatnonzero((losses > 0) & (losses < MARGIN))
            if len(semi_hard) > 0:
                triplets.append((a, p, int(negatives[rng.choice(semi_hard)])))
    return triplets


def measure(repeats: int) -> list[Comparison]:
    """One comparison for each batch size; every contestant starts from the embeddings."""
    return [_compare(n, factor, repeats) for n, factor in TARGETS.items()]


def _compare(n_images: int, factor: float, repeats: int) -> Comparison:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n_images // IMAGES_PER_PRODUCT).repeat_interleave(IMAGES_PER_PRODUCT)
    centres = torch.randn(int(labels.max()) + 1, 16, generator=generator)
    # Half-trained: products overlap, so that most pairs have semi-hard negatives.
    x = l2_normalize(centres[labels] + 0.6 * torch.randn(n_images, 16, generator=generator))
    miner = TripletMarginMiner(
        margin=MARGIN,
        type_of_triplets="semihard",
        distance=LpDistance(power=2, normalize_embeddings=False),
    )
    peer, slides = 'TripletMarginMiner("semihard")', "double loop on tensors"
    contestants = {
        OURS: lambda: semi_hard_triplets(pairwise_squared_distances(x), labels, MARGIN),
        peer: lambda: miner(x, labels),
        slides: lambda: loop_in_torch(pairwise_squared_distances(x), labels),
        "double loop on NumPy arrays": lambda: loop_in_numpy(pairwise_squared_distances(x), labels),
    }
    seconds = interleaved_medians(contestants, repeats)
    found = {OURS: len(contestants[OURS]()[0]), peer: len(contestants[peer]()[0])}
    comparison = Comparison(
        f"Semi-hard triplets: {n_images} images, {IMAGES_PER_PRODUCT} per product",
        [
            Row(name, seconds[name], f"{found[name]} triplets" if name in found else "")
            for name in contestants
        ],
    )
    comparison.claim_faster(peer, factor)
    comparison.claim_faster(slides, factor)
    return comparison
