"""``CategoryProductBatchSampler`` against pytorch-metric-learning's ``MPerClassSampler``."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from pytorch_metric_learning.samplers import MPerClassSampler

from benchmarks.harness import OURS, Claim, Comparison, Row, interleaved_medians
from course_lib.sampling import CategoryProductBatchSampler

N_CATEGORIES, N_PRODUCTS, N_IMAGES = 4, 4, 4
BATCH_SIZE = N_CATEGORIES * N_PRODUCTS * N_IMAGES
BATCHES = 100
IMAGES_PER_PRODUCT = 10
PEER = "MPerClassSampler"


def measure(repeats: int) -> list[Comparison]:
    """A large data set, whose first batch shall not keep anyone waiting, and a small one."""
    large = _products(100_000)
    first = interleaved_medians(
        {OURS: lambda: next(iter(_sampler(large))), PEER: lambda: next(iter(_peer(large, 1)))},
        repeats,
    )
    start = Comparison(
        "Sampler: from a million ids in 100 000 products to the first batch",
        [Row(name, seconds) for name, seconds in first.items()],
    )
    start.claims.append(
        Claim("the first batch in less than 0.5 s", f"{first[OURS]:.2f} s", first[OURS] < 0.5)
    )
    return [start, *(_batches_per_second(_products(n), repeats) for n in (100_000, 1_000))]


def _batches_per_second(products: np.ndarray, repeats: int) -> Comparison:
    ours, peer = _sampler(products), _peer(products, BATCHES)
    contestants: dict[str, Callable[[], Any]] = {
        OURS: lambda: list(islice(ours, BATCHES)),
        PEER: lambda: list(peer),
    }
    seconds = interleaved_medians(contestants, repeats)
    comparison = Comparison(
        f"Sampler: {BATCHES} batches of {BATCH_SIZE} out of {len(products)} images",
        [
            Row(name, seconds[name], f"{BATCHES / seconds[name]:.0f} batches/s")
            for name in contestants
        ],
    )
    comparison.claim_faster(PEER, 0.9)
    return comparison


def _products(count: int) -> np.ndarray:
    """Product ids of images in mixed order."""
    ids = np.repeat(np.arange(count), IMAGES_PER_PRODUCT)
    return np.random.default_rng(0).permutation(ids)


def _sampler(products: np.ndarray) -> CategoryProductBatchSampler:
    return CategoryProductBatchSampler(
        products // 100,  # a category has a hundred products
        products,
        n_categories=N_CATEGORIES,
        n_products=N_PRODUCTS,
        n_images=N_IMAGES,
        num_batches=BATCHES,
    )


def _peer(products: np.ndarray, batches: int) -> MPerClassSampler:
    return MPerClassSampler(
        products,
        m=N_IMAGES,
        batch_size=BATCH_SIZE,
        length_before_new_iter=batches * BATCH_SIZE,
    )
