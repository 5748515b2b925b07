"""Public tests of eligible_products."""

from functools import partial
from typing import Any

import numpy as np
import torch

from autograder.testing import (
    Misconception,
    Submission,
    describe,
    exercise,
    expect,
    expect_equal,
    graded,
)
from grader_tests.shared.eligible_products import (
    NO_CATEGORY_LIMIT,
    NO_PRODUCT_LIMIT,
    STRICTLY_MORE_IMAGES,
    STRICTLY_MORE_PRODUCTS,
    SWAPPED_LIMITS,
    ids_of,
    read_products,
)
from grader_tests.shared.numbers import plain

COUNTS_RARE_PRODUCTS = Misconception(
    "counts the products that are too rare when it judges their category",
    "Filter the products first; a category then counts only the products that are left.",
)
CUT_TO_SIZE = Misconception(
    "keeps only the first n_products products of a category",
    "n_products is a lower limit. Every eligible product is listed; a batch chooses among them.",
)
IMAGES_OF_CATEGORY = Misconception(
    "judges a category by its number of images",
    "Many images of one product do not make several products: count images for each product, then "
    "eligible products for each category.",
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
    def test_small_data_set(self, submission: Submission) -> None:
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
    def test_exactly_enough_images(self, submission: Submission) -> None:
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
    def test_exactly_enough_products(self, submission: Submission) -> None:
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
    def test_sorted_arrays(self, submission: Submission) -> None:
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
    def test_kinds_of_ids(self, submission: Submission) -> None:
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
    def test_nothing_eligible(self, submission: Submission) -> None:
        categories, products = ids_of({1: {11: 3, 12: 3}, 2: {13: 3}})
        cases: tuple[dict[str, Any], ...] = (
            {"n_products": 3, "n_images": 2},
            {"n_products": 1, "n_images": 4},
        )
        for limits in cases:
            value = submission.call(categories, products, **limits)
            given = ", ".join(f"{name}={limit}" for name, limit in limits.items())
            expect_equal(
                read_products(value, products),
                {},
                what="the dictionary",
                given=f"{given}, where no category has enough",
            )
