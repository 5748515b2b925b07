"""Keeps piles of chunks in lists, sorts them before each batch."""

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
        self.n_categories = n_categories
        self.n_products = n_products
        self.n_images = n_images
        self.num_batches = num_batches
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        eligible = eligible_products(
            category_ids, product_ids, n_products=n_products, n_images=n_images
        )
        if len(eligible) < n_categories:
            raise ValueError(f"only {len(eligible)} categories are eligible")
        self.groups = list(eligible.values())
        self.images = {}
        for index, product in enumerate(product_ids):
            self.images.setdefault(int(product), []).append(index)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        if self.num_batches is not None:
            return self.num_batches // self.world_size
        counts = [len(group) // self.n_products for group in self.groups]
        return epoch_length(counts, self.n_categories) // self.world_size

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        plan = self.cover(rng) if self.num_batches is None else self.independent(rng)
        for number in range(len(self) * self.world_size):
            batch = self.draw(next(plan), rng)
            if number % self.world_size == self.rank:
                yield batch

    def cover(self, rng):
        piles = []
        for group in self.groups:
            shuffled = rng.permutation(group).tolist()
            whole = len(shuffled) // self.n_products * self.n_products
            piles.append(
                [shuffled[i : i + self.n_products] for i in range(0, whole, self.n_products)]
            )
        while sum(bool(pile) for pile in piles) >= self.n_categories:
            rng.shuffle(piles)
            piles.sort(key=len, reverse=True)
            yield [product for pile in piles[: self.n_categories] for product in pile.pop()]

    def independent(self, rng):
        while True:
            chosen = rng.choice(len(self.groups), self.n_categories, replace=False)
            yield [
                product
                for c in chosen
                for product in rng.choice(self.groups[c], self.n_products, replace=False).tolist()
            ]

    def draw(self, products, rng):
        return [
            index
            for product in products
            for index in rng.choice(self.images[product], self.n_images, replace=False).tolist()
        ]
