"""Draws the whole epoch as one table, images by random keys."""

import warnings

import numpy as np
from torch.utils.data import BatchSampler

from course_lib.sampling import eligible_products, epoch_length
from course_lib.validation import require_ids, require_integers, require_rank


class CategoryProductBatchSampler(BatchSampler):
    def __init__(
        self,
        category_ids,
        product_ids,
        *,
        n_categories,
        n_products,
        n_images,
        num_batches=None,
        seed=0,
        rank=0,
        world_size=1,
    ):
        require_ids(category_ids=category_ids, product_ids=product_ids)
        require_integers(1, n_categories=n_categories, n_products=n_products, n_images=n_images)
        require_integers(0, seed=seed)
        require_rank(rank, world_size)
        if num_batches is not None:
            require_integers(1, num_batches=num_batches)
        if n_images == 1:
            warnings.warn("n_images=1 leaves no product a positive pair", stacklevel=2)
        self.shape = (n_categories, n_products, n_images)
        self.num_batches, self.seed, self.epoch = num_batches, seed, 0
        self.rank, self.world_size = rank, world_size
        found = eligible_products(
            category_ids, product_ids, n_products=n_products, n_images=n_images
        )
        if len(found) < n_categories:
            raise ValueError("not enough eligible categories")
        self.groups = [*found.values()]
        self.ids = np.asarray(product_ids)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        n, m, _ = self.shape
        total = self.num_batches or epoch_length([len(g) // m for g in self.groups], n)
        return total // self.world_size

    def __iter__(self):
        # A whole epoch at once, as a table of products with a row for each batch.
        n, m, each = self.shape
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((self.seed, self.epoch))))
        self.epoch += 1
        rows = []
        if self.num_batches:
            for _ in range(self.num_batches):
                chosen = rng.permutation(len(self.groups))[:n]
                rows.append(np.concatenate([rng.permutation(self.groups[c])[:m] for c in chosen]))
        else:
            mixed = [rng.permutation(group) for group in self.groups]
            left = np.array([len(group) // m for group in self.groups])
            for _ in range(epoch_length(left, n)):
                chosen = np.argsort(-(left + rng.random(len(left)) / 2))[:n]
                left[chosen] -= 1
                rows.append(np.concatenate([mixed[c][left[c] * m :][:m] for c in chosen]))
        keys = rng.random(len(self.ids))  # the images of a product in the order of random keys
        order = np.lexsort((keys, self.ids))
        starts = np.searchsorted(self.ids[order], np.array(rows))
        table = order[starts[..., None] + np.arange(each)].reshape(len(rows), -1)
        stop = len(self) * self.world_size
        yield from map(np.ndarray.tolist, table[self.rank : stop : self.world_size])
