"""A recipe's data: images to train on, and searches to measure with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from course_lib.datasets import ImageCollection, read_cub, read_folders, read_omniglot
from course_lib.evaluation import mean_average_precision, recall_at_k
from course_lib.recipes.config import Data, RecipeError, Search
from course_lib.training import embed
from course_lib.training.augmentation import jitter
from course_lib.training.batches import floating

READERS: dict[str, Callable[[str], ImageCollection]] = {
    "cub": read_cub,
    "folders": read_folders,
    "omniglot": read_omniglot,
}
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Splits:
    """A data set, its products divided into three.

    Attributes:
        collection: all images.
        of_image: (N,) strings, the split of each image.
    """

    collection: ImageCollection
    of_image: np.ndarray

    def indices(self, split: str) -> np.ndarray:
        """Positions of the images of a split."""
        return np.flatnonzero(self.of_image == split)


def read_splits(data: Data) -> Splits:
    """Read a recipe's data set, and hold products out as it says.

    Raises:
        DatasetError: the data set is not on disk, or damaged.
        RecipeError: a split would be empty.
    """
    collection = READERS[data.reader](data.folder)
    split = collection.split.astype("<U10")  # room for "validation", which may not be there yet
    for name, count in (("test", data.test_products), ("validation", data.validation_products)):
        if count > 0:
            if name == "test":
                split[:] = "train"  # instead of the data set's own
            left = np.flatnonzero(split == "train")
            split[left[_is_last(collection, left, count)]] = name
    for name in get_args(Split):
        if not (split == name).any():
            raise RecipeError(
                f"{data.folder} has no images for the split {name!r}: set data.{name}_products, or "
                "fewer of the others"
            )
    return Splits(collection, split)


def _is_last(collection: ImageCollection, indices: np.ndarray, count: int) -> np.ndarray:
    """Which of these images show one of the last ``count`` products of their category."""
    held_out: list[int] = []
    categories, products = collection.category_ids[indices], collection.product_ids[indices]
    for category in np.unique(categories):
        held_out += np.unique(products[categories == category])[-count:].tolist()
    return np.isin(products, held_out)


class LabelledImages(Dataset[tuple[Tensor, Tensor]]):
    """Images of a collection and a label for each; indexed by lists.

    Args:
        collection: the images.
        labels: (N,) integers.
        data: their size and crop, and whether to keep them in memory.
    """

    def __init__(self, collection: ImageCollection, labels: np.ndarray, data: Data) -> None:
        self.collection = collection
        self.labels = torch.tensor(np.asarray(labels, dtype=np.int64))
        self.data = data
        self.images = images_of(collection, data) if data.in_memory else None

    def __len__(self) -> int:
        """The number of images."""
        return len(self.labels)

    def __getitem__(self, indices: Any) -> tuple[Tensor, Tensor]:
        """``(B, 3, size, size)`` uint8 images, and their ``(B,)`` labels."""
        if self.images is not None:
            return self.images[indices], self.labels[indices]
        return images_of(self.collection, self.data, indices), self.labels[indices]


def images_of(collection: ImageCollection, data: Data, indices: Any = None) -> Tensor:
    """``(N, 3, size, size)`` uint8 images, a quarter of the floats' memory."""
    images = collection.tensor(indices, data.size, data.crop)  # type: ignore[arg-type]
    return images.mul_(255).round_().to(torch.uint8)


@dataclass(frozen=True)
class SearchTask:
    """Images to search with and to search in, and the products that they show.

    Attributes:
        queries: ``(Q, 3, S, S)`` uint8 or floating point.
        query_labels: ``(Q,)`` int64 product ids.
        retrieval: ``(R, 3, S, S)`` uint8.
        retrieval_labels: ``(R,)`` int64 product ids.
        select: the metric that comes first.
    """

    queries: Tensor
    query_labels: Tensor
    retrieval: Tensor
    retrieval_labels: Tensor
    select: str

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Recall at 1 and 5 and mAP of a model, by exact search; first the one that selects."""
        rows = embed(model, floating(self.queries)), embed(model, floating(self.retrieval))
        queries, retrieval = (row.float().cpu() for row in rows)
        task = queries, self.query_labels, retrieval, self.retrieval_labels
        metrics = {"map": mean_average_precision(*task)}
        metrics |= {f"recall@{k}": recall_at_k(*task, k) for k in (1, 5)}
        return {self.select: metrics.pop(self.select), **metrics}


def search_task(splits: Splits, split: Split, data: Data, search: Search) -> SearchTask:
    """The search among a split's products, the same for every seed.

    Raises:
        RecipeError: a product has no image left as query.
    """
    collection = splits.collection
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(len(collection))
    gallery = shuffled[_first_of_each(collection.product_ids[shuffled], search.gallery)]
    own = splits.indices(split)
    queries = np.setdiff1d(own, gallery)
    # Distractors are of products seen in training, and of the test's only where that is measured.
    seen = ("train", "validation", "test") if split == "test" else ("train", "validation")
    among = np.isin(splits.of_image, seen) if search.distractors else splits.of_image == split
    retrieval = np.sort(gallery[among[gallery]])
    if len(np.unique(collection.product_ids[queries])) < len(
        np.unique(collection.product_ids[own])
    ):
        raise RecipeError(
            f"search.gallery is {search.gallery}, and a product of the split {split!r} has no more "
            "images: lower it, so that each has one left as query"
        )
    query_images = images_of(collection, data, queries)
    if search.jitter > 0:
        generator = torch.Generator().manual_seed(0)
        query_images = jitter(floating(query_images), search.jitter, generator=generator)
    return SearchTask(
        query_images,
        torch.from_numpy(collection.product_ids[queries]),
        images_of(collection, data, retrieval),
        torch.from_numpy(collection.product_ids[retrieval]),
        search.select,
    )


def _first_of_each(products: np.ndarray, count: int) -> np.ndarray:
    """Positions of the first ``count`` images of each product."""
    order = np.argsort(products, kind="stable")
    _, starts, counts = np.unique(products[order], return_index=True, return_counts=True)
    nth = np.arange(len(products)) - np.repeat(starts, counts)
    return order[nth < count]
