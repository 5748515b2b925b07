"""Takes the fullest categories from a heap, draws with random.Random, yields lazily."""

import heapq
import random
import warnings

from torch.utils.data import Sampler

from course_lib.sampling import eligible_products, epoch_length
from course_lib.validation import require_ids, require_integers, require_rank


class CategoryProductBatchSampler(Sampler):
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
        self.n, self.m, self.l = n_categories, n_products, n_images
        self.products = {
            category: products.tolist()
            for category, products in eligible_products(
                category_ids, product_ids, n_products=n_products, n_images=n_images
            ).items()
        }
        if len(self.products) < n_categories:
            raise ValueError("not enough eligible categories")
        used = {p for products in self.products.values() for p in products}
        self.images = {p: [] for p in sorted(used)}
        for index, product in enumerate(map(int, product_ids)):
            if product in used:
                self.images[product].append(index)
        self.epoch, self.seed = 0, seed
        self.rank, self.world_size = rank, world_size
        if num_batches is None:
            counts = [len(products) // self.m for products in self.products.values()]
            self.total = epoch_length(counts, self.n)
        else:
            self.total = num_batches
        self.cover = num_batches is None

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return self.total // self.world_size

    def __iter__(self):
        rng = random.Random(f"{self.seed}/{self.epoch}")
        chunks = self._cover(rng) if self.cover else self._anew(rng)
        for number, batch in zip(range(len(self) * self.world_size), chunks):
            indices = [i for p in batch for i in rng.sample(self.images[p], self.l)]
            if number % self.world_size == self.rank:
                yield indices
        self.epoch += 1

    def _cover(self, rng):
        heap = []
        for category, products in self.products.items():
            mixed = rng.sample(products, len(products))
            heap.append((-(len(mixed) // self.m), rng.random(), category, mixed))
        heapq.heapify(heap)
        while True:
            taken = [heapq.heappop(heap) for _ in range(self.n)]
            if taken[-1][0] == 0:
                return
            batch = []
            for left, _, category, mixed in taken:
                batch += [mixed.pop() for _ in range(self.m)]
                heapq.heappush(heap, (left + 1, rng.random(), category, mixed))
            yield batch

    def _anew(self, rng):
        names = sorted(self.products)
        while True:
            yield [p for c in rng.sample(names, self.n) for p in rng.sample(self.products[c], self.m)]
