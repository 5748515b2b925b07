"""Draws with a torch.Generator seeded by seed + epoch, plans an epoch as a list."""

import warnings

import torch
from torch.utils.data import BatchSampler

from course_lib.sampling import eligible_products
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
        self.sizes = n_categories, n_products, n_images
        self.num_batches = num_batches
        self.seed, self.epoch = seed, 0
        self.rank, self.world_size = rank, world_size
        ids = torch.as_tensor(product_ids)
        found = eligible_products(
            category_ids, product_ids, n_products=n_products, n_images=n_images
        )
        self.images = [
            [torch.nonzero(ids == product).flatten() for product in products.tolist()]
            for products in found.values()
        ]
        if len(self.images) < n_categories:
            raise ValueError("fewer categories are eligible than n_categories")

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.plan(0)) // self.world_size

    def __iter__(self):
        epoch, self.epoch = self.epoch, self.epoch + 1
        generator = torch.Generator().manual_seed(self.seed + epoch)
        batches = [
            [i for images in batch for i in self.some(images, self.sizes[2], generator).tolist()]
            for batch in self.plan(generator)
        ]
        share = len(batches) // self.world_size * self.world_size
        return iter(batches[:share][self.rank :: self.world_size])

    def plan(self, generator):
        """Images of each product of each batch; a plan of any epoch is as long as another."""
        n, m, _ = self.sizes
        generator = generator or torch.Generator()
        if self.num_batches is not None:
            return [
                [product for c in self.some(self.images, n, generator) for product in self.some(c, m, generator)]
                for _ in range(self.num_batches)
            ]
        left = [self.some(products, len(products), generator) for products in self.images]
        batches = []
        while True:
            ready = [c for c in self.some(left, len(left), generator) if len(c) >= m]
            ready.sort(key=lambda products: len(products) // m, reverse=True)
            if len(ready) < n:
                return batches
            batches.append([products.pop() for products in ready[:n] for _ in range(m)])

    @staticmethod
    def some(items, count, generator):
        order = torch.randperm(len(items), generator=generator)[:count]
        return items[order] if isinstance(items, torch.Tensor) else [items[i] for i in order]
