"""Public tests of batch_sampler."""

from collections import Counter
from itertools import pairwise

from autograder.testing import (
    CheckFailure,
    Misconception,
    Submission,
    describe,
    exercise,
    expect,
    expect_equal,
    fail,
    graded,
)
from grader_tests.shared.batch_sampler import (
    EACH,
    EVEN,
    NOT_FULLEST_FIRST,
    PRODUCT_REUSED,
    SIZES,
    TWO_RULES,
    M,
    N,
    expect_filled,
    expect_in_range,
    expect_no_product_twice,
    expect_products,
    images_of,
    in_words,
    named,
    passes,
    read_batch,
    read_epochs,
    whole_pass,
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
SHUFFLED_BATCH = Misconception(
    "mixes the images of a batch",
    "Inside a batch the images of a product stand together, and the products of a category: "
    "shuffle products and images before you put the batch together, not after.",
)
INTERLEAVED_BATCH = Misconception(
    "deals the images of a category out in turns, product by product",
    "Put all n_images images of a product into the batch before the next product begins.",
)
ONE_SHORT = Misconception(
    "loses the last batch where the chunks divide exactly",
    "When what is left is just enough for one more batch, that batch is yielded: use >=, not >.",
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
    def test_categories_and_products(self, submission: Submission) -> None:
        sampler = EVEN.sampler(submission, SIZES)
        expect_products(passes(sampler, "first pass"), EVEN, SIZES)

    @graded(
        3,
        "a batch is one list of ints: l images of each product, none twice",
        after="test_categories_and_products",
    )
    def test_images(self, submission: Submission) -> None:
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
    def test_order_in_batch(self, submission: Submission) -> None:
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
    def test_eligible_only(self, submission: Submission) -> None:
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
    def test_length(self, submission: Submission) -> None:
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
    def test_fullest_first(self, submission: Submission) -> None:
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
    def test_no_product_twice(self, submission: Submission) -> None:
        images, sizes = images_of({1: [2] * 7, 2: [2] * 7, 3: [2] * 8, 4: [2] * 6}), (N, M, 2)
        batches = passes(images.sampler(submission, sizes), "first pass")
        expect(len(batches) == 4, f"an epoch should hold 4 batches; it holds {len(batches)}.")
        expect_products(batches, images, sizes)
        expect_no_product_twice(batches, images)

    @graded(2, "every pass is complete, and new", after="test_categories_and_products")
    def test_passes_differ(self, submission: Submission) -> None:
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
    def test_seed_and_epoch(self, submission: Submission) -> None:
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
    def test_data_loader(self, submission: Submission) -> None:
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
    def test_too_few_categories(self, submission: Submission) -> None:
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


def changes(values: list[int]) -> int:
    """How often a value differs from the one before it."""
    return sum(a != b for a, b in pairwise(values))
