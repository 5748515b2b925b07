"""Batches of n categories x m products x l images.

A triplet needs two images of one product and one of another, and the other teaches most when it
looks alike. A batch drawn at random from thousands of products holds hardly any such triplet;
these batches hold them by construction.
"""

import warnings
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from torch.utils.data import BatchSampler

from course_lib.validation import (
    Ids,
    require_ids,
    require_integers,
    require_one_category_each,
    require_rank,
)


def eligible_products(
    category_ids: Ids, product_ids: Ids, *, n_products: int, n_images: int
) -> dict[int, np.ndarray]:
    """Return the products that can fill a batch, by category.

    A product is eligible when it has at least ``n_images`` images, a category when it has at least
    ``n_products`` eligible products.

    Args:
        category_ids: ``(N,)`` integers, the category of each image.
        product_ids: ``(N,)`` integers, the product of each image; a product has one category.
        n_products: products a batch takes of each of its categories, >= 1.
        n_images: images a batch takes of each of its products, >= 1.

    Returns:
        Eligible category -> sorted ``(P,)`` int64 array of its eligible products, in order of
        category. Empty when there is none.

    Raises:
        TypeError, ValueError: the ids are not two equally long vectors of integers, or a product
            lies in two categories.

    Example:
        >>> category_ids = [0, 0, 0, 0, 0, 1, 1, 1]
        >>> product_ids = [10, 10, 11, 11, 12, 20, 20, 21]
        >>> eligible_products(category_ids, product_ids, n_products=2, n_images=2)
        {0: array([10, 11])}
    """
    require_ids(category_ids=category_ids, product_ids=product_ids)
    require_integers(1, n_products=n_products, n_images=n_images)
    require_one_category_each(category_ids, product_ids)

    products, first_image, counts = np.unique(
        np.asarray(product_ids, dtype=np.int64), return_index=True, return_counts=True
    )
    categories = np.asarray(category_ids, dtype=np.int64)[first_image]
    enough = counts >= n_images
    products, categories = products[enough], categories[enough]

    # A stable sort by category leaves the products of each in one run, still sorted.
    order = np.argsort(categories, kind="stable")
    names, starts = np.unique(categories[order], return_index=True)
    runs = np.split(products[order], starts[1:])
    return {
        int(name): run for name, run in zip(names, runs, strict=False) if len(run) >= n_products
    }


def epoch_length(chunk_counts: Sequence[int] | np.ndarray, n_categories: int) -> int:
    """Return the most batches that one pass over the chunks can fill.

    Each batch takes one chunk from each of ``n_categories`` different categories, and no chunk is
    used twice. That is possible for K batches exactly when Σ_c min(q_c, K) >= n K: a category helps
    each batch at most once, so of its q_c chunks at most K can be used.

    Args:
        chunk_counts: ``(C,)`` integers >= 0, the chunks of each category (q_c).
        n_categories: categories in a batch (n), >= 1.

    Returns:
        The largest such K; 0 when fewer than ``n_categories`` categories have a chunk.

    Raises:
        TypeError, ValueError: ``n_categories`` is no integer >= 1.

    Example:
        >>> epoch_length([3, 2, 1], n_categories=2)
        3
        >>> epoch_length([10, 1, 1], n_categories=2)
        2
    """
    require_integers(1, n_categories=n_categories)

    chunks = np.asarray(chunk_counts, dtype=np.int64)
    batches = int(chunks.sum()) // n_categories
    # Start from what the total allows; as long as large categories hold chunks that so few batches
    # cannot use, allow less. The first number that allows itself is the largest that does.
    while (possible := int(np.minimum(chunks, batches).sum()) // n_categories) < batches:
        batches = possible
    return batches


class CategoryProductBatchSampler(BatchSampler):
    """Batches of ``n_categories`` x ``n_products`` x ``n_images`` dataset indices.

    Every batch holds that many images exactly, none twice: ``n_categories`` different categories,
    ``n_products`` different eligible products of each (see :func:`eligible_products`), ``n_images``
    different images of each product, contiguous by category, then by product.

    By default an epoch uses every product at most once: the eligible products of each category are
    shuffled and cut into chunks of ``n_products``, and each batch takes a chunk from each of the
    ``n_categories`` categories that have the most left, ties broken at random. That fills
    :func:`epoch_length` batches, the most possible. The rest waits for the next epoch's shuffle.
    With ``num_batches`` an epoch is that many independent batches instead.

    Randomness is the sampler's own and depends on ``(seed, epoch)`` only; global generators are
    neither read nor changed. Every pass advances the epoch by one; :meth:`set_epoch` sets it. Of
    ``world_size`` processes each takes every ``world_size``-th batch, beginning with its ``rank``;
    the last batches that would not reach all processes are dropped.

    Pass it as ``DataLoader(dataset, batch_sampler=...)``, and leave ``batch_size``, ``shuffle``,
    ``sampler`` and ``drop_last`` at their defaults.

    Args:
        category_ids: ``(N,)`` integers, the category of each image of the dataset.
        product_ids: ``(N,)`` integers, the product of each image; a product has one category.
        n_categories: categories in a batch (n), >= 1.
        n_products: products of each category (m), >= 1.
        n_images: images of each product (l), >= 1; 1 leaves no positives and warns.
        num_batches: None to cover the products once, else the batches of an epoch, >= 1.
        seed: integer >= 0; samplers with equal seed and epoch give equal batches.
        rank: which of the processes this is, 0 <= rank < world_size.
        world_size: number of processes.

    Raises:
        TypeError, ValueError: an argument is not as said above, a product lies in two categories,
            or fewer than ``n_categories`` categories are eligible.

    Example:
        >>> category_ids = [0, 0, 0, 0, 1, 1, 1, 1]
        >>> product_ids = [0, 0, 1, 1, 2, 2, 3, 3]
        >>> sampler = CategoryProductBatchSampler(
        ...     category_ids, product_ids, n_categories=2, n_products=1, n_images=2
        ... )
        >>> len(sampler)
        2
        >>> [sorted(batch) for batch in sampler] == [sorted(batch) for batch in sampler]
        False
        >>> sampler.set_epoch(0)
        >>> sorted(product_ids[image] for batch in sampler for image in batch)
        [0, 0, 1, 1, 2, 2, 3, 3]
    """

    def __init__(
        self,
        category_ids: Ids,
        product_ids: Ids,
        *,
        n_categories: int,
        n_products: int,
        n_images: int,
        num_batches: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        require_ids(category_ids=category_ids, product_ids=product_ids)
        require_integers(1, n_categories=n_categories, n_products=n_products, n_images=n_images)
        require_integers(0, seed=seed)
        require_rank(rank, world_size)
        if num_batches is not None:
            require_integers(1, num_batches=num_batches)
        if n_images == 1:
            warnings.warn("n_images=1 leaves no product a positive pair", stacklevel=2)

        batch_size = n_categories * n_products * n_images
        super().__init__(range(len(product_ids)), batch_size=batch_size, drop_last=True)
        self.n_categories = n_categories
        self.n_products = n_products
        self.n_images = n_images
        self.num_batches = num_batches
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0

        ### BEGIN SOLUTION
        # Sorted by product, the images of each are one run. Sorting is what takes long with a
        # million images: it is done once, and everything below works on the sorted order.
        ids = np.asarray(product_ids, dtype=np.int64)
        self._images = np.argsort(ids, kind="stable")
        self._runs = ids[self._images]
        eligible = eligible_products(
            np.asarray(category_ids, dtype=np.int64)[self._images],
            self._runs,
            n_products=n_products,
            n_images=n_images,
        )
        if len(eligible) < n_categories:
            raise ValueError(
                f"a batch needs {n_categories} categories of {n_products} products with {n_images} "
                f"images each, but only {len(eligible)} have them; ask for fewer"
            )
        self._products = list(eligible.values())
        ### END SOLUTION

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass, as every process of a distributed run must."""
        require_integers(0, epoch=epoch)
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches that this process yields per epoch."""
        ### BEGIN SOLUTION
        if self.num_batches is not None:
            batches = self.num_batches
        else:
            chunk_counts = [len(products) // self.n_products for products in self._products]
            batches = epoch_length(chunk_counts, self.n_categories)
        return batches // self.world_size
        ### END SOLUTION

    def __iter__(self) -> Iterator[list[int]]:
        """Yield batches of dataset indices; afterwards ``epoch`` is one more."""
        ### BEGIN SOLUTION
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        chunks = self._cover_once(rng) if self.num_batches is None else self._independent(rng)
        batches = (self._draw_images(products, rng) for products in chunks)
        # Every process plans the same epoch and takes its share, so that no two share a batch.
        return islice(batches, self.rank, len(self) * self.world_size, self.world_size)
        ### END SOLUTION

    ### BEGIN SOLUTION
    def _cover_once(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield the products of each batch, so that an epoch uses no product twice."""
        m = self.n_products
        shuffled = [rng.permutation(products) for products in self._products]
        chunks_left = np.array([len(products) // m for products in self._products])
        while np.count_nonzero(chunks_left) >= self.n_categories:
            # The fullest categories first: were they left for later, nothing would be left to
            # combine them with. lexsort sorts by its last key, ties by the random one.
            fullest = np.lexsort((rng.random(len(chunks_left)), -chunks_left))
            chosen = rng.permutation(fullest[: self.n_categories])
            chunks_left[chosen] -= 1
            starts = chunks_left[chosen] * m
            yield np.concatenate(
                [shuffled[c][s : s + m] for c, s in zip(chosen, starts, strict=True)]
            )

    def _independent(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Yield the products of each batch, drawn anew from all products, without end."""
        while True:
            chosen = rng.choice(len(self._products), self.n_categories, replace=False)
            yield np.concatenate(
                [rng.choice(self._products[c], self.n_products, replace=False) for c in chosen]
            )

    def _draw_images(self, products: np.ndarray, rng: np.random.Generator) -> list[int]:
        """Draw ``n_images`` different images of each product, product after product."""
        starts = np.searchsorted(self._runs, products, side="left")
        ends = np.searchsorted(self._runs, products, side="right")
        drawn = [
            rng.permutation(self._images[start:end])[: self.n_images]
            for start, end in zip(starts, ends, strict=True)
        ]
        return np.concatenate(drawn).tolist()

    ### END SOLUTION
