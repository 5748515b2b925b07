"""What public and hidden tests of the batch sampler share."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import permutations
from typing import Any, NoReturn

import torch

from autograder.testing import (
    Misconception,
    Remote,
    Submission,
    SubmissionError,
    describe,
    expect,
    fail,
)
from grader_tests.shared.numbers import is_integer, plain

# n_categories, n_products, n_images: three different primes, so that no two can be confused.
N, M, EACH = SIZES = (2, 3, 5)
LIMIT = 400  # more batches than any epoch in these tests
SWAPPED_N_M = Misconception(
    "swaps n_categories and n_products",
    "n_categories is the number of categories in a batch, n_products the number of products of "
    "each of them.",
)
SWAPPED_SIZES = Misconception(
    "mixes up n_categories, n_products and n_images",
    "A batch is n_categories x n_products x n_images, in this order.",
)
REPEATED_IMAGES = Misconception(
    "draws images with replacement",
    "The same image twice is a pair at distance 0, from which nothing can be learnt. Draw without "
    "replacement: rng.choice(..., replace=False), rng.permutation, or random.sample.",
)
REPEATED_CATEGORY = Misconception(
    "draws the same category more than once for a batch",
    "The n_categories categories of a batch are different ones: draw them without replacement.",
)
REPEATED_PRODUCT = Misconception(
    "draws the same product more than once for a batch",
    "The n_products products of a category are different ones: draw them without replacement.",
)
SHORT_BATCH = Misconception(
    "yields a batch that is not full",
    "Every batch has n_categories x n_products x n_images indices. What is left over waits for "
    "the next epoch.",
)
NESTED = Misconception(
    "yields lists inside a list",
    "A batch is one flat list of indices: DataLoader asks the dataset for each of its items.",
)
PRODUCT_IDS = Misconception(
    "yields product ids instead of indices of images",
    "DataLoader calls dataset[i] for each i of a batch: i is the position of an image in the data "
    "set, the same as in category_ids and product_ids.",
)
POSITIONS_IN_PRODUCT = Misconception(
    "yields positions among a product's own images",
    "Number 0 of each product is a different image: look up which index of the data set it has.",
)
POSITIONS_IN_SORTED = Misconception(
    "yields positions in the list sorted by product",
    "After sorting, position i is another image than before. Map back: order = "
    "np.argsort(product_ids) tells which index stands at each sorted position.",
)
TOO_MUCH_ASKED = Misconception(
    "tries to draw more products or images than there are",
    "Products with too few images and categories with too few such products must be left out "
    "before anything is drawn: use eligible_products.",
)
TWO_RULES = Misconception(
    "counts by one rule in __len__ and yields by another in __iter__",
    "Progress bars, schedulers and other processes trust len(). Derive both from the same count: "
    "K = epoch_length(chunk counts, n_categories).",
)
NOT_FULLEST_FIRST = Misconception(
    "chooses categories without looking at how many chunks they have left",
    "If small categories are used up together, a large one is left with nobody to combine with. "
    "Each batch takes the categories that have the most chunks left.",
)
PRODUCT_REUSED = Misconception(
    "uses a product in more than one batch of an epoch",
    "By default an epoch uses every product at most once: take each chunk off the pile.",
)
Sizes = tuple[int, int, int]
"""n_categories, n_products, n_images."""


def named(sizes: Sizes) -> dict[str, int]:
    """The sizes of a batch as the sampler's arguments."""
    return dict(zip(("n_categories", "n_products", "n_images"), sizes, strict=True))


def in_words(sizes: Sizes) -> str:
    """The sizes of a batch as a message shows them."""
    return ", ".join(f"{name}={size}" for name, size in named(sizes).items())


@dataclass(frozen=True)
class Images:
    """Category and product of each image of a small data set, in mixed order."""

    categories: list[int]
    products: list[int]

    def sampler(self, submission: Submission, sizes: Sizes, **options: Any) -> Remote:
        """The answer's sampler on this data set."""
        return submission.construct(self.categories, self.products, **named(sizes), **options)

    def products_of(self, batch: list[int]) -> list[int]:
        """The products in a batch, each once, sorted."""
        return sorted({self.products[i] for i in batch})


def images_of(counts: dict[int, list[int]], seed: int = 1) -> Images:
    """A data set with so many images of each product of each category.

    Product ids are larger than every index, so that the two cannot be confused, and they fall
    while categories are listed.
    """
    sizes = [(category, count) for category, many in counts.items() for count in many]
    rows = [
        (category, 9001 - 7 * number)
        for number, (category, count) in enumerate(sizes)
        for _ in range(count)
    ]
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
    return Images([rows[i][0] for i in order], [rows[i][1] for i in order])


EVEN = images_of(  # two, one and two chunks of 3 products, and nothing left over
    {30: [5, 6, 7, 8, 5, 6], 10: [5, 9, 6], 20: [6, 6, 5, 7, 8, 5]}
)


def whole_pass(sampler: Remote, which: str) -> list[Any]:
    """Everything that a pass over a sampler yields."""
    try:
        batches = sampler.take(LIMIT)
    except SubmissionError as error:
        asks_too_much = any(word in error.message for word in ("larger", "population", "range"))
        if error.not_started or "ValueError" not in error.types or not asks_too_much:
            raise
        fail(f"the {which} raised {error}.", misconception=TOO_MUCH_ASKED)
    expect(
        len(batches) < LIMIT,
        f"the {which} should end; {LIMIT} batches came, and more would.",
        help="__iter__ should yield len(self) batches.",
    )
    return batches


def passes(sampler: Remote, which: str) -> list[list[int]]:
    """A whole pass over a sampler, as lists of ints."""
    return [read_batch(batch) for batch in whole_pass(sampler, which)]


def read_batch(batch: Any) -> list[int]:
    """A batch as a list of ints, also where it is an array or a tensor."""
    listed = plain(batch)
    if type(listed) in (list, tuple) and any(type(item) in (list, tuple) for item in listed):
        fail(
            f"a batch should be one list of indices; it is {describe(batch)}.",
            misconception=NESTED,
        )
    expect(
        type(listed) in (list, tuple) and all(is_integer(item) for item in listed),
        f"a batch should be a list of ints; it is {describe(batch)}.",
    )
    return [int(item) for item in listed]


def read_epochs(value: Any) -> list[list[list[int]]]:
    """Two epochs that a probe observed."""
    expect(
        type(value) is list and len(value) == 2 and all(type(epoch) is list for epoch in value),
        "the sampler could not be observed.",
    )
    return [[read_batch(batch) for batch in epoch] for epoch in value]


def expect_products(batches: list[list[int]], images: Images, sizes: Sizes) -> None:
    """Fail unless there are batches, and each holds n categories with m products each."""
    expect(bool(batches), "there should be batches; none came.")
    n, m, _ = sizes
    for batch in batches:
        expect_in_range(batch, images)
        per_category = products_by_category(batch, images)
        if len(per_category) != n or any(len(mine) != m for mine in per_category.values()):
            fail_batch(batch, images, sizes)


def expect_filled(batches: list[list[int]], images: Images, sizes: Sizes) -> None:
    """Fail unless each batch also holds l different images of each product, and nothing else."""
    expect_products(batches, images, sizes)
    for batch in batches:
        if not is_filled(batch, images, sizes):
            fail_batch(batch, images, sizes)


def expect_no_product_twice(batches: list[list[int]], images: Images) -> None:
    """Fail if an epoch uses a product in two batches."""
    used = Counter(product for batch in batches for product in images.products_of(batch))
    twice = sorted(product for product, times in used.items() if times > 1)
    expect(
        not twice,
        f"no product should be in two batches of an epoch; {twice[:3]} are.",
        misconception=PRODUCT_REUSED,
    )


def expect_in_range(batch: list[int], images: Images) -> None:
    """Fail unless the indices are those of images."""
    size = len(images.products)
    outside = [i for i in batch if not 0 <= i < size]
    known = bool(outside) and set(outside) <= set(images.products)
    expect(
        not outside,
        f"a batch should hold indices from 0 to {size - 1}; it holds {outside[:6]}.",
        misconception=PRODUCT_IDS if known else None,
    )


def fail_batch(batch: list[int], images: Images, sizes: Sizes) -> NoReturn:
    """Fail because of a batch, and say what it holds."""
    per_product = Counter(images.products[i] for i in batch)
    per_category = products_by_category(batch, images)
    fail(
        f"a batch should hold {math.prod(sizes)} different indices for {in_words(sizes)}; this one "
        f"holds {len(batch)} indices ({len(set(batch))} different), {len(per_category)} categories "
        f"with {spread(len(p) for p in per_category.values())} products each, and "
        f"{spread(per_product.values())} images of each product.",
        misconception=mistake_in(batch, images, sizes),
    )


def is_filled(batch: list[int], images: Images, sizes: Sizes) -> bool:
    """Whether a batch holds exactly what is asked."""
    n, m, each = sizes
    per_product = Counter(images.products[i] for i in batch)
    per_category = products_by_category(batch, images)
    return (
        len(batch) == len(set(batch)) == math.prod(sizes)
        and set(per_product.values()) == {each}
        and len(per_category) == n
        and all(len(products) == m for products in per_category.values())
    )


def mistake_in(batch: list[int], images: Images, sizes: Sizes) -> Misconception | None:
    """The mistake that would have made such a batch, if it is a known one."""
    n, m, each = sizes
    if is_filled(batch, images, (m, n, each)):
        return SWAPPED_N_M
    if any(is_filled(batch, images, (x, y, z)) for x, y, z in permutations(sizes)):
        return SWAPPED_SIZES
    if batch and max(batch) < max(Counter(images.products).values()):
        return POSITIONS_IN_PRODUCT
    by_product = sorted(range(len(images.products)), key=images.products.__getitem__)
    if is_filled([by_product[i] for i in batch], images, sizes):
        return POSITIONS_IN_SORTED
    per_category = products_by_category(batch, images)
    per_product = Counter(images.products[i] for i in batch)
    if len(batch) == math.prod(sizes):
        if len(per_category) < n:
            return REPEATED_CATEGORY
        if len(per_product) < n * m:
            return REPEATED_PRODUCT
        if len(set(batch)) < len(batch):
            return REPEATED_IMAGES
    return SHORT_BATCH if len(batch) < math.prod(sizes) else None


def products_by_category(batch: list[int], images: Images) -> dict[int, set[int]]:
    """Category -> its products in a batch."""
    found = defaultdict(set)
    for i in batch:
        found[images.categories[i]].add(images.products[i])
    return dict(found)


def spread(numbers: Any) -> str:
    """Numbers in short: one, or the least and the greatest."""
    found = sorted(set(numbers)) or [0]
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"
