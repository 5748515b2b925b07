"""Public tests of assignment 01, batches."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, permutations
from typing import Any, NoReturn

import numpy as np
import torch

from autograder.testing.codec import describe
from autograder.testing.declarations import exercise, graded
from autograder.testing.errors import CheckFailure, SubmissionError
from autograder.testing.expectations import Misconception, expect, expect_equal, fail
from autograder.testing.submission import Remote, Submission

# n_categories, n_products, n_images: three different primes, so that no two can be confused.
N, M, EACH = SIZES = (2, 3, 5)
LIMIT = 400  # more batches than any epoch in these tests

# eligible_products ------------------------------------------------------------------------------

SWAPPED_LIMITS = Misconception(
    "compares images with n_products and products with n_images",
    "n_images is the least number of images of a product; n_products is the least number of "
    "eligible products of a category.",
)
NO_PRODUCT_LIMIT = Misconception(
    "lets in products that have fewer than n_images images",
    "A product that cannot give n_images different images takes no part in training: leave it out.",
)
NO_CATEGORY_LIMIT = Misconception(
    "lets in categories that have fewer than n_products eligible products",
    "Filtering the products is half of it: then leave out each category that has too few of them.",
)
COUNTS_RARE_PRODUCTS = Misconception(
    "counts the products that are too rare when it judges their category",
    "Filter the products first; a category then counts only the products that are left.",
)
STRICTLY_MORE_IMAGES = Misconception(
    "asks for more than n_images images where exactly n_images are enough",
    "A product with exactly n_images images can fill its place in a batch: use >=.",
)
STRICTLY_MORE_PRODUCTS = Misconception(
    "asks for more than n_products products where exactly n_products are enough",
    "A category with exactly n_products eligible products can fill its place in a batch: use >=.",
)
EMPTY_CATEGORIES = Misconception(
    "keeps categories without products as empty entries",
    "A category that is not eligible has no entry at all.",
)
CUT_TO_SIZE = Misconception(
    "keeps only the first n_products products of a category",
    "n_products is a lower limit. Every eligible product is listed; a batch chooses among them.",
)
POSITIONS_FOR_PRODUCTS = Misconception(
    "lists positions where product ids are asked for",
    "The arrays hold values of product_ids, not indices of images or of unique products.",
)
IMAGES_OF_CATEGORY = Misconception(
    "judges a category by its number of images",
    "Many images of one product do not make several products: count images for each product, then "
    "eligible products for each category.",
)
COUNTS_FOR_PRODUCTS = Misconception(
    "gives the number of products instead of the products",
    "Each category maps to the array of its eligible product ids.",
)
ORDER_OF_IMAGES = Misconception(
    "lists products in the order in which their images come",
    "That order depends on how the files happen to lie on disk. Sort the ids, and everything drawn "
    "from them later can be repeated.",
)
UNSTABLE_SORT = Misconception(
    "loses the order of the products when it sorts by category",
    "A sort may shuffle what it takes for equal, here the products of a category: use a stable one "
    "(kind='stable'), or sort the products of each category last.",
)
KEEPS_DTYPE = Misconception(
    "leaves the products in the dtype that the ids came in",
    "Ids come in many kinds, what is made of them in one: np.asarray(ids, dtype=np.int64).",
)
RUNS = Misconception(
    "counts only images that stand next to each other",
    "The images of a product are spread over the data set. itertools.groupby, for one, needs its "
    "input sorted.",
)


@exercise(
    "eligible_products",
    object="course_lib.sampling.eligible_products",
    title="Which products can fill a batch",
    points=25,
    difficulty=2,
    minutes=15,
    hints=(
        "Two questions, one after the other: which products have enough images? And which "
        "categories have enough of those products?",
        "np.unique(product_ids, return_index=True, return_counts=True) gives each product once, "
        "sorted, with the index of one of its images and with its number of images.",
        "With `products, first, counts` from np.unique, category_ids[first] is the category of "
        "each product. Keep where counts >= n_images; then, for each category that is left in "
        "sorted order, take its products and keep them if there are n_products or more.",
    ),
)
class TestEligibleProducts:
    """Category -> its products that have enough images, if there are enough of them."""

    @graded(6, "the eligible products of a small data set")
    def test_small_data_set(self, submission):
        categories, products = ids_of(
            {
                7: {131: 4, 101: 5, 112: 4, 107: 2},
                2: {103: 4, 109: 5, 111: 6},
                5: {102: 4, 108: 2, 113: 1},
                3: {105: 6},
            }
        )
        everything = {2: [103, 109, 111], 7: [101, 112, 131]}
        value = submission.call(categories, products, n_products=2, n_images=3)
        read = read_products(value, products)
        expect_equal(
            read,
            everything,
            what="the dictionary",
            given="n_products=2, n_images=3, and these numbers of images per product: category 7: "
            "{131: 4, 101: 5, 112: 4, 107: 2}, category 2: {103: 4, 109: 5, 111: 6}, category 5: "
            "{102: 4, 108: 2, 113: 1}, category 3: {105: 6}",
            misconceptions=[
                ({2: [103, 109, 111], 7: [101, 107, 112, 131]}, SWAPPED_LIMITS),
                (
                    {2: [103, 109, 111], 5: [102, 108, 113], 7: [101, 107, 112, 131]},
                    NO_PRODUCT_LIMIT,
                ),
                ({2: [103, 109, 111], 3: [105], 5: [102], 7: [101, 112, 131]}, NO_CATEGORY_LIMIT),
                ({2: [103, 109, 111], 5: [102], 7: [101, 112, 131]}, COUNTS_RARE_PRODUCTS),
                ({2: [103, 109], 7: [101, 112]}, CUT_TO_SIZE),
                (
                    {2: [103, 109, 111], 3: [105], 5: [102, 108, 113], 7: [101, 107, 112, 131]},
                    IMAGES_OF_CATEGORY,
                ),
            ],
        )

    @graded(3, "a product with exactly n_images images is eligible, with one fewer it is not")
    def test_exactly_enough_images(self, submission):
        # Product 401 is dealt out last, so that most of its images do stand in a row.
        categories, products = ids_of({4: {201: 5, 202: 4, 203: 6}, 6: {301: 4}, 9: {401: 12}})
        value = submission.call(categories, products, n_products=1, n_images=5)
        expect_equal(
            read_products(value, products),
            {4: [201, 203], 9: [401]},
            what="the dictionary",
            given="n_products=1, n_images=5, and these numbers of images per product: category 4: "
            "{201: 5, 202: 4, 203: 6}, category 6: {301: 4}, category 9: {401: 12}",
            misconceptions=[
                ({4: [203], 9: [401]}, STRICTLY_MORE_IMAGES),
                ({4: [201, 202, 203], 6: [301], 9: [401]}, NO_PRODUCT_LIMIT),
                ({9: [401]}, RUNS),
            ],
        )

    @graded(
        3, "a category with exactly n_products eligible products is eligible, with one fewer not"
    )
    def test_exactly_enough_products(self, submission):
        categories, products = ids_of(
            {
                1: {501: 2, 502: 3, 503: 2},
                2: {601: 2, 602: 2, 603: 1, 604: 1},
                3: {701: 2, 702: 2, 703: 2, 704: 4},
            }
        )
        value = submission.call(categories, products, n_products=3, n_images=2)
        expect_equal(
            read_products(value, products),
            {1: [501, 502, 503], 3: [701, 702, 703, 704]},
            what="the dictionary",
            given="n_products=3, n_images=2: category 1 has three eligible products, category 2 "
            "two (and two rare ones), category 3 four",
            misconceptions=[
                ({3: [701, 702, 703, 704]}, STRICTLY_MORE_PRODUCTS),
                (
                    {1: [501, 502, 503], 2: [601, 602], 3: [701, 702, 703, 704]},
                    COUNTS_RARE_PRODUCTS,
                ),
            ],
        )

    @graded(
        3,
        "categories in ascending order; for each, a sorted int64 array",
        after="test_small_data_set",
    )
    def test_sorted_arrays(self, submission):
        counts = {9: {40: 2, 30: 2, 50: 2}, 1: {60: 2, 20: 2}, 5: {10: 2}}
        # So many that only a stable sort keeps the order of what it takes for equal.
        counts |= {2: {5 * n: 2 for n in range(60, 40, -1)}, 7: {5 * n + 1: 2 for n in range(20)}}
        categories, products = ids_of(counts)
        value = submission.call(categories, products, n_products=1, n_images=2)
        read_products(value, products)
        for category, array in value.items():
            expect(
                type(array) is np.ndarray and array.dtype == np.int64 and array.ndim == 1,
                f"the products of category {category} should be a one-dimensional int64 array; "
                f"they are {describe(array)}.",
                help="np.asarray(values, dtype=np.int64) makes one.",
            )
            listed = array.tolist()
            as_they_come = [product for product in dict.fromkeys(products) if product in listed]
            expect(
                listed == sorted(listed),
                f"the products of category {category} should ascend; they are {listed}.",
                misconception=ORDER_OF_IMAGES if listed == as_they_come else UNSTABLE_SORT,
            )
        order = [int(category) for category in value]
        expect(
            order == sorted(order),
            f"the categories should come in ascending order; they come as {order}.",
            misconception=Misconception(
                "lists categories in the order in which their images come",
                "A dictionary remembers the order of insertion: insert the categories sorted.",
            ),
        )

    @graded(
        2, "lists, arrays and tensors of ids, which stay as they are", after="test_small_data_set"
    )
    def test_kinds_of_ids(self, submission):
        categories, products = ids_of({8: {77: 3, 66: 3}, 4: {99: 2, 88: 3}})
        expected = {8: [66, 77]}
        for kind, make in (
            ("list", list),
            ("array", np.array),
            ("array of int32", partial(np.array, dtype=np.int32)),
            ("tensor", torch.tensor),
        ):
            value, after = submission.call(
                make(categories), make(products), n_products=2, n_images=3, return_args=True
            )
            expect_equal(
                read_products(value, products),
                expected,
                what="the dictionary",
                given=f"ids that come as {kind}",
            )
            expect(
                all(getattr(array, "dtype", None) == np.int64 for array in value.values()),
                f"the arrays should be int64, also for ids that come as {kind}; they are "
                f"{describe(value)}.",
                misconception=KEEPS_DTYPE,
            )
            expect(
                [plain(ids) for ids in after] == [categories, products],
                f"the ids, which came as {kind}, should stay as they are; they have changed.",
                misconception=Misconception(
                    "changes the ids that it was given",
                    "The caller still needs them, in their order: work on a copy (np.sort instead "
                    "of ids.sort()).",
                ),
            )

    @graded(1, "an empty dictionary when nothing is eligible", after="test_small_data_set")
    def test_nothing_eligible(self, submission):
        categories, products = ids_of({1: {11: 3, 12: 3}, 2: {13: 3}})
        for limits in ({"n_products": 3, "n_images": 2}, {"n_products": 1, "n_images": 4}):
            value = submission.call(categories, products, **limits)
            given = ", ".join(f"{name}={limit}" for name, limit in limits.items())
            expect_equal(
                read_products(value, products),
                {},
                what="the dictionary",
                given=f"{given}, where no category has enough",
            )


def ids_of(counts: dict[int, dict[int, int]]) -> tuple[list[int], list[int]]:
    """Category and product ids of images, dealt out in turns so that no product is a run."""
    left = [(c, p, count) for c, products in counts.items() for p, count in products.items()]
    images = []
    while left:
        images += [(category, product) for category, product, _ in left]
        left = [(c, p, count - 1) for c, p, count in left if count > 1]
    categories, products = zip(*images, strict=True)
    return list(categories), list(products)


def read_products(value: Any, product_ids: list[int]) -> dict[int, list[int]]:
    """The answer as plain numbers, sorted; kind and order of the arrays are another test's."""
    expect(
        type(value) is dict,
        f"the result should be a dictionary, category -> its products; it is {describe(value)}.",
    )
    read = {}
    for category, products in value.items():
        expect(
            is_integer(category),
            f"the keys should be categories, as integers; one is {describe(category)}.",
        )
        if is_integer(products):
            fail(
                f"category {category} should have an array of products; it has {products}.",
                misconception=COUNTS_FOR_PRODUCTS,
            )
        listed = plain(products)
        expect(
            type(listed) in (list, tuple, set) and all(is_integer(product) for product in listed),
            f"category {category} should have an array of product ids; it has "
            f"{describe(products)}.",
        )
        read[int(category)] = sorted(int(product) for product in listed)
    strange = sorted({p for ids in read.values() for p in ids} - set(product_ids))
    expect(
        not strange,
        f"only product ids should be listed; {strange[:6]} are none of them.",
        misconception=POSITIONS_FOR_PRODUCTS,
    )
    empty = sorted(category for category, products in read.items() if not products)
    expect(
        not empty,
        f"categories that are not eligible should be left out; {empty} stand there without any "
        "product.",
        misconception=EMPTY_CATEGORIES,
    )
    return dict(sorted(read.items()))


def plain(ids: Any) -> Any:
    """An array or a tensor as a list; anything else as it is."""
    return ids.tolist() if isinstance(ids, np.ndarray | torch.Tensor) else ids


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of Python's or NumPy's (True and False are none)."""
    return type(value) is int or isinstance(value, np.integer)


# epoch_length -----------------------------------------------------------------------------------

TOTAL_OVER_N = Misconception(
    "divides the number of all chunks by n_categories",
    "A category gives a batch at most one chunk, so in K batches it can use at most K of its "
    "chunks. What a large category has beyond that cannot be placed.",
)
FIXED_CATEGORIES = Misconception(
    "lets the same n_categories categories fill every batch",
    "Each batch may take other categories: when one has run out, another can stand in for it.",
)
FIXED_GROUPS = Misconception(
    "cuts the categories into fixed groups of n_categories",
    "Who goes with whom may change from batch to batch: a category that has chunks left when its "
    "group is done can join others.",
)
EVERY_CATEGORY = Misconception(
    "lets every category take part in every batch",
    "A batch needs n_categories of them, not all: a category without chunks holds up nobody.",
)
FIRST_NON_EMPTY = Misconception(
    "takes the first categories that still have a chunk",
    "That uses up the small categories together and leaves a large one alone with its chunks. "
    "The large ones must take part early.",
)
COUNTS_CATEGORIES = Misconception(
    "counts categories, not chunks",
    "A category with several chunks can take part in several batches.",
)
PAIRS_ONLY = Misconception(
    "uses a rule that is right for n_categories=2 only",
    "That all chunks but those of the largest category suffice is a condition for pairs. For other "
    "n_categories, limit each category to the number of batches.",
)
LIMITED_ONCE = Misconception(
    "limits the large categories once, by a number of batches that is itself too large",
    "When the limit lowers the number of batches, the lower number is a stricter limit: repeat "
    "until nothing changes.",
)
FIRST_IMPOSSIBLE = Misconception(
    "returns the first number of batches that is not possible",
    "The largest possible number is one less.",
)
STRICTLY_MORE_CHUNKS = Misconception(
    "asks for a chunk to be left over after the last batch",
    "K batches are possible when the chunks are just enough, too: use >=.",
)
LAST_NOT_TRIED = Misconception(
    "does not try the largest number of batches that the total allows",
    "range(a, b) ends before b: look at the ends of your search.",
)
TRUE_DIVISION = Misconception(
    "gives a fraction of a batch",
    "A number of batches is an int: a batch that is not full is none. Use //.",
)
RAISES_FOR_NONE = Misconception(
    "raises an exception where the answer is 0",
    "That no batch is possible is an answer, too; whoever calls decides whether it is an error.",
)


@exercise(
    "epoch_length",
    object="course_lib.sampling.epoch_length",
    title="How many batches an epoch can fill",
    points=20,
    difficulty=3,
    minutes=20,
    hints=(
        "For a given K, ask whether K batches are possible. How many of its q_c chunks can a "
        "category use in K batches, if each batch takes at most one of them?",
        "K batches are possible exactly when the sum of min(q_c, K) over the categories reaches "
        "n_categories * K. If K are possible, so are fewer.",
        "Start with K = sum(q) // n_categories, which can only be too large. While "
        "sum(min(q_c, K)) // n_categories is smaller than K, make that the new K.",
    ),
)
class TestEpochLength:
    """The most batches of n chunks from n different categories."""

    @graded(4, "small examples that can be done by hand")
    def test_by_hand(self, submission):
        expect_lengths(
            submission,
            [
                ((1, 1, 3), 2),
                ((3, 1, 1), 2),
                ((2, 1), 2),
                ((5, 1), 2),
                ((4,), 1),
                ((2, 3, 2, 1), 3),
            ],
            [2, 2, 1, 1, 4, 2],
            [
                ([2, 2, 1, 3, 4, 2], TOTAL_OVER_N),
                ([1, 1, 1, 1, 4, 2], FIXED_CATEGORIES),
                ([1, 1, 1, 1, 4, 1], EVERY_CATEGORY),
                ([1, 2, 1, 1, 4, 2], FIRST_NON_EMPTY),
                ([1, 1, 1, 1, 1, 1], COUNTS_CATEGORIES),
                ([2, 2, 1, 1, 0, 2], PAIRS_ONLY),
                ([2, 2, 1, 2, 4, 2], LIMITED_ONCE),
                ([3, 3, 2, 2, 5, 3], FIRST_IMPOSSIBLE),
                ([1, 1, 0, 0, 0, 2], STRICTLY_MORE_CHUNKS),
                ([1, 1, 0, 1, 3, 1], LAST_NOT_TRIED),
            ],
        )

    @graded(3, "a category far larger than the others")
    def test_large_category(self, submission):
        expect_lengths(
            submission,
            [((9, 1), 2), ((1, 20, 2, 1), 2), ((10, 3, 1), 3), ((7, 7, 1, 1), 3)],
            [1, 4, 1, 2],
            [
                ([5, 12, 4, 5], TOTAL_OVER_N),
                ([1, 2, 1, 1], FIXED_CATEGORIES),
                ([1, 3, 1, 1], FIXED_GROUPS),
                ([1, 1, 1, 1], EVERY_CATEGORY),
                ([1, 4, 4, 5], PAIRS_ONLY),
                ([3, 8, 2, 4], LIMITED_ONCE),
                ([2, 5, 2, 3], FIRST_IMPOSSIBLE),
                ([0, 3, 0, 1], STRICTLY_MORE_CHUNKS),
            ],
        )

    @graded(3, "chunks that can be used up to the last")
    def test_used_up(self, submission):
        expect_lengths(
            submission,
            [((4, 4, 4), 3), ((6, 6), 2), ((2, 2, 2), 2), ((1, 1, 1, 1, 1, 1), 3), ((5, 2, 3), 1)],
            [4, 6, 3, 2, 10],
            [
                ([4, 6, 2, 1, 5], FIXED_CATEGORIES),
                ([4, 6, 2, 2, 10], FIXED_GROUPS),
                ([4, 6, 2, 1, 2], EVERY_CATEGORY),
                ([1, 1, 1, 2, 3], COUNTS_CATEGORIES),
                ([4, 6, 3, 2, 5], PAIRS_ONLY),
                ([5, 7, 4, 3, 11], FIRST_IMPOSSIBLE),
                ([0, 0, 2, 1, 9], STRICTLY_MORE_CHUNKS),
                ([3, 5, 2, 1, 9], LAST_NOT_TRIED),
            ],
        )

    @graded(2, "0 where fewer than n_categories categories have a chunk", after="test_by_hand")
    def test_too_few_categories(self, submission):
        try:
            expect_lengths(
                submission,
                [((4, 4), 3), ((5, 0, 0), 2), ((0, 0), 1)],
                [0, 0, 0],
                [
                    ([2, 2, 0], TOTAL_OVER_N),
                    ([1, 1, 0], LIMITED_ONCE),
                    ([1, 1, 1], FIRST_IMPOSSIBLE),
                ],
            )
        except SubmissionError as error:
            fail(f"0 is asked for; the function raised {error}.", misconception=RAISES_FOR_NONE)


Counts = Sequence[int]


def expect_lengths(
    submission: Submission,
    cases: Sequence[tuple[Counts, int]],
    lengths: Sequence[int],
    mistakes: Sequence[tuple[Sequence[int], Misconception]] = (),
) -> None:
    """Fail unless every epoch has the right length.

    Args:
        cases: chunk counts and n_categories.
        lengths: what each should give.
        mistakes: what each would give by a known mistake; it is named only if all of them agree.
    """
    found = []
    for (chunk_counts, n_categories), length in zip(cases, lengths, strict=True):
        value = submission.call(list(chunk_counts), n_categories)
        asked = (
            f"the number of batches should be {length} for chunk_counts="
            f"{describe(list(chunk_counts))} and n_categories={n_categories}; it is "
            f"{describe(value)}."
        )
        if isinstance(value, float | np.floating):
            fail(asked, misconception=TRUE_DIVISION)
        expect(is_integer(value), asked)
        found.append((int(value), length, asked))
    values = [value for value, _, _ in found]
    known = [misconception for wrong, misconception in mistakes if list(wrong) == values]
    for value, length, asked in found:
        expect(value == length, asked, misconception=known[0] if known else None)


# batch_sampler ----------------------------------------------------------------------------------

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
RARE_PRODUCTS = Misconception(
    "uses products that have fewer than n_images images",
    "They take no part: use only what eligible_products gives.",
)
THIN_CATEGORIES = Misconception(
    "uses categories that have fewer than n_products eligible products",
    "They take no part: use only what eligible_products gives.",
)
EXACT_PRODUCTS_MISSING = Misconception(
    "never uses a product that has exactly n_images images",
    "n_images images are enough: such a product is eligible.",
)
TOO_MUCH_ASKED = Misconception(
    "tries to draw more products or images than there are",
    "Products with too few images and categories with too few such products must be left out "
    "before anything is drawn: use eligible_products.",
)
SHUFFLED_BATCH = Misconception(
    "mixes the images of a batch",
    "Inside a batch the images of a product stand together, and the products of a category: "
    "shuffle products and images before you put the batch together, not after.",
)
INTERLEAVED_BATCH = Misconception(
    "deals the images of a category out in turns, product by product",
    "Put all n_images images of a product into the batch before the next product begins.",
)
TWO_RULES = Misconception(
    "counts by one rule in __len__ and yields by another in __iter__",
    "Progress bars, schedulers and other processes trust len(). Derive both from the same count: "
    "K = epoch_length(chunk counts, n_categories).",
)
ONE_SHORT = Misconception(
    "loses the last batch where the chunks divide exactly",
    "When what is left is just enough for one more batch, that batch is yielded: use >=, not >.",
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
USED_UP = Misconception(
    "uses up lists that are kept on self, so that a second pass is empty",
    "__iter__ is called once an epoch: build the epoch's piles anew each time it is called.",
)
SAME_EPOCHS = Misconception(
    "draws the same batches in every epoch",
    "Shuffle in __iter__, not in __init__, with a generator that depends on self.seed and on "
    "self.epoch, and make self.epoch one more.",
)
NOT_SEEDED = Misconception(
    "draws from a generator that does not depend on seed and epoch alone",
    "Make a generator of the sampler's own in __iter__: np.random.default_rng([self.seed, "
    "self.epoch]). Global generators have another state each time.",
)
SEED_IGNORED = Misconception(
    "ignores seed",
    "Samplers with different seeds draw different batches: seed your generator with self.seed and "
    "self.epoch.",
)
SET_EPOCH_IGNORED = Misconception(
    "does not draw by self.epoch",
    "set_epoch(e) sets self.epoch: the generator of a pass is seeded with it, and every pass "
    "makes it one more.",
)
CHECKED_LATE = Misconception(
    "finds out too late, or never, that there are too few eligible categories",
    "Count what eligible_products gives in the constructor, and raise a ValueError there: a "
    "training run should fail at its start.",
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
MIXED = images_of(
    {
        30: [5, 6, 7, 8, 5, 6, 9, 4],  # two chunks, one product left over, one too rare
        10: [5, 9, 6, 7],  # one chunk, one product left over
        20: [6, 6, 5, 7, 8, 5],  # two chunks
        40: [9, 9, 4, 3],  # two eligible products only
    }
)


@exercise(
    "batch_sampler",
    object="course_lib.sampling.CategoryProductBatchSampler",
    title="Batches of categories x products x images",
    points=40,
    difficulty=4,
    minutes=30,
    hints=(
        "Three layers: which products go together (chunks), which chunks go together (batches), "
        "which images of a product (indices). Write one small method for each.",
        "At the start of __iter__ make rng = np.random.default_rng([self.seed, self.epoch]), make "
        "self.epoch one more, and shuffle the products of each category. Then, batch after batch, "
        "take a chunk from each of the n_categories categories that have the most chunks left.",
        "np.argsort(product_ids, kind='stable') puts the images of each product into one run of "
        "indices; np.searchsorted finds where a run begins and ends; rng.choice(run, n_images, "
        "replace=False) draws from it. Plan the whole epoch on every rank, and yield batches rank, "
        "rank + world_size, ... of the first len(self) * world_size.",
    ),
)
class TestBatchSampler:
    """A batch sampler that finds positives and hard negatives by construction."""

    @graded(3, "every batch holds n categories and m products of each")
    def test_categories_and_products(self, submission):
        sampler = EVEN.sampler(submission, SIZES)
        expect_products(passes(sampler, "first pass"), EVEN, SIZES)

    @graded(
        3,
        "a batch is one list of ints: l images of each product, none twice",
        after="test_categories_and_products",
    )
    def test_images(self, submission):
        batches = whole_pass(MIXED.sampler(submission, SIZES), "first pass")
        expect_filled([read_batch(batch) for batch in batches], MIXED, SIZES)
        for batch in batches:
            expect(
                type(batch) is list,
                f"a batch should be a list of ints; it is {describe(batch)}.",
                help="batch.tolist() makes one of an array or a tensor.",
            )

    @graded(
        2,
        "inside a batch: category by category, product by product",
        after="test_categories_and_products",
    )
    def test_order_in_batch(self, submission):
        batches = passes(EVEN.sampler(submission, SIZES), "first pass")
        expect_products(batches, EVEN, SIZES)
        for batch in batches:
            categories = [EVEN.categories[i] for i in batch]
            products = [EVEN.products[i] for i in batch]
            rationale = (
                f"the products of a batch should come in runs of {EACH} images, and categories in "
                f"runs of {M * EACH}; this batch begins with the products {products[: 2 * EACH]}."
            )
            if changes(categories) != N - 1:
                fail(rationale, misconception=SHUFFLED_BATCH)
            if changes(products) != N * M - 1:
                dealt = changes(products) == len(products) - 1
                fail(rationale, misconception=INTERLEAVED_BATCH if dealt else SHUFFLED_BATCH)

    @graded(
        3,
        "only eligible products, also those with exactly n_images images",
        after="test_categories_and_products",
    )
    def test_eligible_only(self, submission):
        # The eligible products of categories 1 and 2 fill two chunks each: every pass uses all.
        images = images_of(
            {1: [5, 6, 6, 6, 5, 8, 4, 4], 2: [6, 7, 5, 6, 8, 6], 3: [8, 8, 4, 4], 4: [9, 9]}
        )
        sizes = Counter(images.products)
        sampler = images.sampler(submission, SIZES)
        used: set[int] = set()
        for _ in range(10):
            batches = passes(sampler, "pass")
            indices = [i for batch in batches for i in batch]
            expect_in_range(indices, images)
            used.update(images.products_of(indices))
            rare = sorted(product for product in used if sizes[product] < EACH)
            expect(
                not rare,
                f"product {rare[:1]} with {[sizes[p] for p in rare[:1]]} images should not be used "
                f"for n_images={EACH}.",
                misconception=RARE_PRODUCTS,
            )
            thin = sorted({images.categories[i] for i in indices} & {3, 4})
            expect(
                not thin,
                f"category {thin[:1]} has two products with {EACH} images or more, too few for "
                f"n_products={M}; it should not be used.",
                misconception=THIN_CATEGORIES,
            )
            expect_products(batches, images, SIZES)
        enough = {p for p, c in zip(images.products, images.categories, strict=True) if c < 3}
        unused = {product for product in enough if sizes[product] >= EACH} - used
        exact = {product for product in enough if sizes[product] == EACH}
        expect(
            not unused,
            f"{12 - len(unused)} of 12 eligible products were used in 10 passes; products with "
            f"{sorted(sizes[p] for p in unused)} images were not, for n_images={EACH}.",
            misconception=EXACT_PRODUCTS_MISSING if unused == exact else None,
        )

    @graded(
        4,
        "len() is the number of batches that come, before and after",
        after="test_categories_and_products",
    )
    def test_length(self, submission):
        cases = [
            ("four categories of 6 products", [[2] * 6, [3] * 6, [2] * 6, [2] * 6], 2, 4),
            ("categories of 7, 5 and 8 products", [[2] * 7, [2] * 5, [3] * 8], 2, 2),
            ("categories of 3, 12 and 3 products", [[2] * 3, [2] * 12, [3] * 3], 2, 2),
            ("categories of 6 and 9 products", [[2] * 6, [2] * 9], 2, 2),
            ("categories of 3, 8 and 6 products", [[2] * 3, [3] * 8, [2] * 6], 1, 5),
        ]
        for name, counts, n, length in cases:
            images, sizes = images_of(dict(enumerate(counts))), (n, M, 2)
            sampler = images.sampler(submission, sizes)
            before = sampler.len()
            batches = passes(sampler, "first pass")
            after = sampler.len()
            given = f"{name}, {in_words(sizes)}"
            rationale = (
                f"{length} batches should come, and len() should say so; len() says {before} and "
                f"{len(batches)} come, for {given}."
            )
            if len(batches) == length - 1:
                fail(rationale, misconception=ONE_SHORT)
            expect(before == len(batches) == length, rationale, misconception=TWO_RULES)
            expect(
                after == before,
                f"len() should stay {before} after a pass; it is {after}, for {given}.",
                misconception=USED_UP,
            )
            expect_products(batches, images, sizes)

    @graded(
        3,
        "as many batches as possible: the fullest categories first",
        after="test_categories_and_products",
    )
    def test_fullest_first(self, submission):
        images, sizes = images_of({1: [2] * 3, 2: [2] * 3, 3: [2] * 9}), (N, M, 2)
        sampler = images.sampler(submission, sizes)
        # A rule that picks any two non-empty categories ends too early in one pass of three.
        for number in range(40):
            batches = passes(sampler, "pass")
            expect(
                len(batches) == 2,
                "three categories with 1, 1 and 3 chunks can fill 2 batches of 2 categories in "
                f"every epoch; in epoch {number} came {len(batches)}.",
                misconception=NOT_FULLEST_FIRST if len(batches) < 2 else PRODUCT_REUSED,
            )
            expect_products(batches, images, sizes)
            expect_no_product_twice(batches, images)

    @graded(2, "an epoch uses no product twice", after="test_categories_and_products")
    def test_no_product_twice(self, submission):
        images, sizes = images_of({1: [2] * 7, 2: [2] * 7, 3: [2] * 8, 4: [2] * 6}), (N, M, 2)
        batches = passes(images.sampler(submission, sizes), "first pass")
        expect(len(batches) == 4, f"an epoch should hold 4 batches; it holds {len(batches)}.")
        expect_products(batches, images, sizes)
        expect_no_product_twice(batches, images)

    @graded(2, "every pass is complete, and new", after="test_categories_and_products")
    def test_passes_differ(self, submission):
        sampler = EVEN.sampler(submission, SIZES)
        first, second, third = (passes(sampler, f"pass {number}") for number in (1, 2, 3))
        for later in (second, third):
            expect(
                len(later) == len(first),
                f"every pass should hold {len(first)} batches; a later one holds {len(later)}.",
                misconception=USED_UP if len(later) < len(first) else None,
            )
            expect_products(later, EVEN, SIZES)
            # Equal by chance: under 1e-9, there are more than 10^12 ways to draw the images alone.
            expect(
                later != first,
                "two passes should hold different batches; they are equal.",
                misconception=SAME_EPOCHS,
            )

    @graded(2, "equal seed and epoch, equal batches", after="test_passes_differ")
    def test_seed_and_epoch(self, submission):
        sampler, twin, third = (EVEN.sampler(submission, SIZES, seed=3) for _ in range(3))
        first, second = (passes(sampler, f"pass {number}") for number in (1, 2))
        submission.seed(5)  # the global generators: the sampler should not care
        expect(
            passes(twin, "first pass") == first,
            "two samplers with seed=3 should begin with equal batches; they differ.",
            misconception=NOT_SEEDED,
        )
        other = EVEN.sampler(submission, SIZES, seed=4)
        expect(
            passes(other, "first pass") != first,
            "samplers with seed=3 and seed=4 should draw different batches; they are equal.",
            misconception=SEED_IGNORED,
        )
        twin.call("set_epoch", 0)
        expect(
            passes(twin, "first pass again") == first,
            "after set_epoch(0) the first pass should come again; other batches came.",
            misconception=SET_EPOCH_IGNORED,
        )
        default = EVEN.sampler(submission, SIZES)
        zero = EVEN.sampler(submission, SIZES, seed=0)
        expect(
            passes(default, "first pass") == passes(zero, "first pass"),
            "a sampler without a seed should draw as with seed=0; it draws other batches.",
            misconception=NOT_SEEDED,
        )
        third.call("set_epoch", 1)
        expect(
            passes(third, "second pass") == second,
            "after set_epoch(1) a new sampler should give what another with the same seed gave in "
            "its second pass; other batches came.",
            misconception=SET_EPOCH_IGNORED,
        )

    @graded(2, "a real DataLoader takes it as batch_sampler", after="test_categories_and_products")
    def test_data_loader(self, submission):
        seen = submission.probe("data_loader_pass", EVEN.categories, EVEN.products, **named(SIZES))
        expect(
            type(seen) is dict and {"length", "epochs"} <= seen.keys(),
            "the DataLoader could not be observed.",
        )
        for epoch in read_epochs(seen["epochs"]):
            expect_equal(len(epoch), 2, what="the number of batches of the DataLoader")
            expect_equal(seen["length"], 2, what="len() of the DataLoader")
            expect_products(epoch, EVEN, SIZES)

    @graded(2, "the constructor refuses what it cannot fill", after="test_categories_and_products")
    def test_too_few_categories(self, submission):
        images = images_of({1: [5, 5, 5], 2: [6, 5, 5], 3: [5, 5, 4], 4: [9, 9]})
        sampler = images.sampler(submission, SIZES)
        expect_products(passes(sampler, "first pass"), images, SIZES)
        for sizes in ((3, M, EACH), (N, M, 6), (N, 4, EACH)):
            try:
                submission.constructing_raises(
                    "ValueError", images.categories, images.products, **named(sizes)
                )
            except CheckFailure as failure:
                fail(
                    f"For {in_words(sizes)} fewer categories are eligible than a batch needs: "
                    f"{failure.rationale}",
                    misconception=CHECKED_LATE,
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
    if any(is_filled(batch, images, swapped) for swapped in permutations(sizes)):
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


def changes(values: list[int]) -> int:
    """How often a value differs from the one before it."""
    return sum(a != b for a, b in pairwise(values))


def spread(numbers: Any) -> str:
    """Numbers in short: one, or the least and the greatest."""
    found = sorted(set(numbers)) or [0]
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"
