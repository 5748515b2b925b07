"""Batches without end, made from a sampler of epochs, and the place of a run in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from course_lib.validation import require_integers, require_rank


def floating(images: Tensor) -> Tensor:
    """Return uint8 images as float32 in [0, 1], and others as they are.

    Example:
        >>> floating(torch.tensor([0, 51, 255], dtype=torch.uint8))
        tensor([0.0000, 0.2000, 1.0000])
    """
    return images if images.is_floating_point() else images.float().div_(255)


class Batches(Protocol):
    """An interface: a sampler of batches of dataset indices, whose epochs repeat.

    ``CategoryProductBatchSampler`` and :class:`ShuffledBatches` have it.

    Example:
        >>> sampler: Batches = ShuffledBatches(n_images=10, batch_size=4)
        >>> sampler.set_epoch(3)
        >>> [len(batch) for batch in sampler]
        [4, 4]
    """

    rank: int
    world_size: int

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass."""

    def __iter__(self) -> Iterator[list[int]]:
        """Yield this process's batches of the epoch."""


class ShuffledBatches:
    """Batches of all images in random order, for losses that need no pairs.

    An epoch takes every image at most once; the images that fill no batch wait for the next one.
    The order depends on ``(seed, epoch)`` only. Of ``world_size`` processes each takes every
    ``world_size``-th batch; the last batches that would not reach all processes are dropped.

    Args:
        n_images: number of images of the data set, at least ``batch_size * world_size``.
        batch_size: images in a batch, >= 1.
        seed: integer >= 0.
        rank: which of the processes this is.
        world_size: number of processes.

    Raises:
        TypeError, ValueError: a number is not as said above.

    Example:
        >>> sampler = ShuffledBatches(n_images=6, batch_size=3)
        >>> sorted(sum(sampler, []))
        [0, 1, 2, 3, 4, 5]
        >>> first, second = list(sampler), list(sampler)
        >>> first == second, sampler.epoch
        (False, 3)
    """

    def __init__(
        self, n_images: int, batch_size: int, *, seed: int = 0, rank: int = 0, world_size: int = 1
    ) -> None:
        require_integers(1, batch_size=batch_size)
        require_integers(0, seed=seed)
        require_rank(rank, world_size)
        require_integers(batch_size * world_size, n_images=n_images)
        self.n_images = n_images
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass."""
        require_integers(0, epoch=epoch)
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches that this process yields per epoch."""
        return self.n_images // self.batch_size // self.world_size

    def __iter__(self) -> Iterator[list[int]]:
        """Yield batches of dataset indices; afterwards ``epoch`` is one more."""
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.n_images)
        self.epoch += 1
        for i in range(self.rank, len(self) * self.world_size, self.world_size):
            yield order[i * self.batch_size : (i + 1) * self.batch_size].tolist()


@dataclass
class Place:
    """The place of a run in its batches: how far it is.

    Attributes:
        epoch: passes over the sampler that are over.
        batch: batches of the present pass that were trained on.

    Example:
        >>> Place(epoch=2, batch=10)
        Place(epoch=2, batch=10)
    """

    epoch: int = 0
    batch: int = 0


def endless(
    dataset: Dataset[Any], sampler: Batches, place: Place, workers: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield images and labels of one batch after another, from ``place`` on, without end.

    Args:
        dataset: ``dataset[list of indices]`` gives ``(images, labels)``.
        sampler: its passes follow each other without end.
        place: where to begin. The caller counts there each batch that it trains on; this function
            counts the passes.
        workers: processes that load images ahead; 0 loads them here.

    Raises:
        ValueError: a pass has no batch.

    Example:
        >>> from torch.utils.data import TensorDataset
        >>> images = TensorDataset(torch.rand(6, 3, 8, 8), torch.arange(6))
        >>> batches = endless(images, ShuffledBatches(n_images=6, batch_size=3), Place())
        >>> [next(batches)[0].shape for _ in range(3)]
        [torch.Size([3, 3, 8, 8]), torch.Size([3, 3, 8, 8]), torch.Size([3, 3, 8, 8])]
    """
    while True:
        rest = _Rest(sampler, place.epoch, place.batch)
        # A sampler of lists and no batch size: the data set gets each list as a whole. A generator
        # of its own: else a loader would draw from the global one, and resuming makes one more.
        loader = DataLoader(
            dataset,
            sampler=rest,
            batch_size=None,
            num_workers=workers,
            generator=torch.Generator().manual_seed(0),
        )
        empty = place.batch == 0
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise ValueError("the sampler yields no batch: give it smaller ones, or more images")
        place.epoch, place.batch = place.epoch + 1, 0


class _Rest(torch.utils.data.Sampler[list[int]]):
    """A pass over a sampler without the batches that are done."""

    def __init__(self, sampler: Batches, epoch: int, done: int) -> None:
        self.sampler = sampler
        self.epoch = epoch
        self.done = done

    def __iter__(self) -> Iterator[list[int]]:
        # Here, since a loader with workers asks for an iterator twice, and uses the second.
        self.sampler.set_epoch(self.epoch)
        return islice(self.sampler, self.done, None)
