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
    """A data set, its products divided into three splits.

    Attributes:
        collection: all images.
        of_image: (N,) strings, the split of each image.

    Example:
        >>> from PIL import Image
        >>> picture = Image.new("RGB", (8, 8))
        >>> images = ImageCollection((picture,) * 3, [0, 1, 2], [0, 0, 0], ["train"] * 3)
        >>> Splits(images, np.array(["train", "test", "validation"])).indices("test")
        array([1])
    """

    collection: ImageCollection
    of_image: np.ndarray

    def indices(self, split: str) -> np.ndarray:
        """Return the positions of the images of a split."""
        return np.flatnonzero(self.of_image == split)


def read_splits(data: Data) -> Splits:
    """Read a recipe's data set, and hold products out as the recipe says.

    Raises:
        DatasetError: the data set is not on disk, or damaged.
        RecipeError: a split would be empty.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> for name in ("blackbird", "fieldfare", "robin"):
        ...     Path("birds/thrushes", name).mkdir(parents=True)
        ...     Image.new("RGB", (8, 8)).save(Path("birds/thrushes", name, "1.png"))
        >>> data = Data(reader="folders", folder="birds", test_products=1, validation_products=1)
        >>> read_splits(data).of_image
        array(['train', 'validation', 'test'], dtype='<U10')
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
    """Say which images show one of the last ``count`` products of their category."""
    held_out: list[int] = []
    categories, products = collection.category_ids[indices], collection.product_ids[indices]
    for category in np.unique(categories):
        held_out += np.unique(products[categories == category])[-count:].tolist()
    return np.isin(products, held_out)


class LabelledImages(Dataset[tuple[Tensor, Tensor]]):
    """Images of a collection with a label for each; a data set that is indexed by lists.

    Args:
        collection: the images.
        labels: (N,) integers.
        data: their size and crop, and whether to keep them in memory.

    Example:
        >>> from PIL import Image
        >>> picture = Image.new("RGB", (8, 8))
        >>> birds = ImageCollection((picture,) * 3, [0, 1, 2], [0, 0, 0], ["train"] * 3)
        >>> images, labels = LabelledImages(birds, [5, 6, 7], Data(reader="cub", folder=""))[[0, 2]]
        >>> images.shape, labels
        (torch.Size([2, 3, 64, 64]), tensor([5, 7]))
    """

    def __init__(self, collection: ImageCollection, labels: np.ndarray, data: Data) -> None:
        self.collection = collection
        self.labels = torch.tensor(np.asarray(labels, dtype=np.int64))
        self.data = data
        self.images = images_of(collection, data) if data.in_memory else None

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __getitem__(self, indices: Any) -> tuple[Tensor, Tensor]:
        """Return ``(B, 3, size, size)`` uint8 images, and their ``(B,)`` labels."""
        if self.images is not None:
            return self.images[indices], self.labels[indices]
        return images_of(self.collection, self.data, indices), self.labels[indices]


def images_of(collection: ImageCollection, data: Data, indices: Any = None) -> Tensor:
    """Return ``(N, 3, size, size)`` uint8 images, a quarter of the floats' memory.

    Example:
        >>> from PIL import Image
        >>> birds = ImageCollection((Image.new("RGB", (8, 8)),), [0], [0], ["train"])
        >>> images = images_of(birds, Data(reader="cub", folder="", size=32))
        >>> images.shape, images.dtype
        (torch.Size([1, 3, 32, 32]), torch.uint8)
    """
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

    Example:
        >>> from course_lib.recipes.ladder import RawPixels
        >>> images, labels = torch.rand(5, 3, 16, 16), torch.arange(5)
        >>> task = SearchTask(images, labels, images, labels, select="recall@1")
        >>> task.measure(RawPixels())
        {'recall@1': 1.0, 'map': 1.0, 'recall@5': 1.0}
    """

    queries: Tensor
    query_labels: Tensor
    retrieval: Tensor
    retrieval_labels: Tensor
    select: str

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Return recall at 1 and 5 and mAP of a model, by exact search; ``select`` comes first."""
        rows = embed(model, floating(self.queries)), embed(model, floating(self.retrieval))
        queries, retrieval = (row.float().cpu() for row in rows)
        task = queries, self.query_labels, retrieval, self.retrieval_labels
        metrics = {"map": mean_average_precision(*task)}
        metrics |= {f"recall@{k}": recall_at_k(*task, k) for k in (1, 5)}
        return {self.select: metrics.pop(self.select), **metrics}


def search_task(splits: Splits, split: Split, data: Data, search: Search) -> SearchTask:
    """Set up the search among a split's products, the same for every seed.

    Raises:
        RecipeError: a product has no image left as query.

    Example:
        >>> from PIL import Image
        >>> split = ["test"] * 4
        >>> birds = ImageCollection((Image.new("RGB", (8, 8)),) * 4, [5, 5, 6, 6], [0] * 4, split)
        >>> splits = Splits(birds, np.array(split))
        >>> task = search_task(splits, "test", Data(reader="cub", folder=""), Search(gallery=1))
        >>> task.query_labels, task.retrieval_labels
        (tensor([5, 6]), tensor([5, 6]))
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
    """Return the positions of the first ``count`` images of each product."""
    order = np.argsort(products, kind="stable")
    _, starts, counts = np.unique(products[order], return_index=True, return_counts=True)
    nth = np.arange(len(products)) - np.repeat(starts, counts)
    return order[nth < count]
