"""What public and hidden tests of eligible_products share."""

from typing import Any

from autograder.testing import Misconception, describe, expect, fail
from grader_tests.shared.numbers import is_integer, plain

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
POSITIONS_FOR_PRODUCTS = Misconception(
    "lists positions where product ids are asked for",
    "The arrays hold values of product_ids, not indices of images or of unique products.",
)
COUNTS_FOR_PRODUCTS = Misconception(
    "gives the number of products instead of the products",
    "Each category maps to the array of its eligible product ids.",
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
