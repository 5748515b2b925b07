"""Hidden tests of eligible_products."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    SubmissionError,
    expect,
    expect_equal,
    fail,
    graded,
    hidden_tests,
)
from course_lib.sampling import eligible_products
from grader_tests.shared.eligible_products import (
    NO_CATEGORY_LIMIT,
    NO_PRODUCT_LIMIT,
    STRICTLY_MORE_IMAGES,
    STRICTLY_MORE_PRODUCTS,
    SWAPPED_LIMITS,
    ids_of,
    read_products,
)
from grader_tests.shared.hidden_numbers import integer, integers
from grader_tests.shared.numbers import plain

DENSE_IDS = Misconception(
    "takes ids for positions in an array",
    "Ids are names: they need not start at 0, nor be consecutive. np.unique counts them whatever "
    "they are; np.bincount and lists of that length do not.",
)


@hidden_tests("eligible_products")
class TestEligibleProductsHidden:
    """Larger data, other ids."""

    @graded(4, "the eligible products of other data sets", after="test_small_data_set")
    def test_other_data_sets(self, submission: Submission, draw: torch.Generator) -> None:
        for _ in range(4):
            names = iter(torch.randperm(900, generator=draw).tolist())
            counts = {
                category: {1000 + next(names): integer(draw, 1, 7) for _ in range(size)}
                for category, size in enumerate(integers(draw, 1, 9, 12), start=integer(draw, 0, 9))
            }
            categories, products = ids_of(counts)
            m, each = integer(draw, 2, 3), integer(draw, 4, 5)

            def right(
                m: int,
                each: int,
                categories: list[int] = categories,
                products: list[int] = products,
            ) -> dict[int, list[int]]:
                found = eligible_products(categories, products, n_products=m, n_images=each)
                return {category: array.tolist() for category, array in found.items()}

            value = submission.call(categories, products, n_products=m, n_images=each)
            expect_equal(
                read_products(value, products),
                right(m, each),
                what="the dictionary",
                given=f"a random data set, n_products={m}, n_images={each}",
                misconceptions=[
                    (right(each, m), SWAPPED_LIMITS),
                    (right(m, each + 1), STRICTLY_MORE_IMAGES),
                    (right(m + 1, each), STRICTLY_MORE_PRODUCTS),
                    (right(1, each), NO_CATEGORY_LIMIT),
                    (right(m, 1), NO_PRODUCT_LIMIT),
                ],
            )

    @graded(2, "ids may be any integers, large ones and negative ones", after="test_small_data_set")
    def test_any_integers(self, submission: Submission) -> None:
        far = 10**15  # as an array with a place for each id: larger than any memory
        categories, products = ids_of(
            {far: {far + 3: 2, 5: 3, -2: 2}, -7: {far + 1: 2, 0: 2}, 0: {9: 1, 8: 2}}
        )
        try:
            value = submission.call(categories, products, n_products=2, n_images=2)
        except SubmissionError as error:
            fail(f"The function raised {error}.", misconception=DENSE_IDS)
        expect_equal(
            read_products(value, products),
            {-7: [0, far + 1], far: [-2, 5, far + 3]},
            what="the dictionary",
            given=f"ids between -7 and {far + 3}",
        )

    @graded(
        1,
        "with n_products=1 and n_images=1 everything, in ascending order",
        after=("test_small_data_set", "test_sorted_arrays"),
    )
    def test_everything(self, submission: Submission, draw: torch.Generator) -> None:
        products = torch.randperm(300, generator=draw).tolist()
        categories = [product % 3 for product in products]
        value = submission.call(categories, products, n_products=1, n_images=1)
        expect_equal(
            read_products(value, products),
            {category: list(range(category, 300, 3)) for category in range(3)},
            what="the dictionary",
            given="n_products=1, n_images=1, and 300 products of one image each",
        )
        for category, array in value.items():
            expect(
                plain(array) == sorted(plain(array)),
                f"the products of category {category} should ascend; they begin with "
                f"{plain(array)[:6]}.",
            )
