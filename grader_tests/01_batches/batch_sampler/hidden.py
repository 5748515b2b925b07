"""Hidden tests of batch_sampler."""

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import torch

from autograder.testing import (
    CheckFailure,
    Misconception,
    Submission,
    describe,
    expect,
    expect_equal,
    fail,
    graded,
    hidden_tests,
)
from course_lib.sampling import eligible_products, epoch_length
from grader_tests.shared.batch_sampler import (
    EVEN,
    NOT_FULLEST_FIRST,
    PRODUCT_REUSED,
    SIZES,
    TWO_RULES,
    M,
    N,
    expect_filled,
    expect_no_product_twice,
    expect_products,
    images_of,
    named,
    passes,
    read_epochs,
)
from grader_tests.shared.hidden_numbers import integer, integers


def expect_refused(
    submission: Submission, error: str, given: str, *args: Any, **options: Any
) -> None:
    """Fail unless the constructor raises that exception."""
    try:
        submission.constructing_raises(error, *args, **options)
    except CheckFailure as failure:
        fail(f"For {given}: {failure.rationale}", misconception=CHECKS_LOST)


SAME_ON_ALL_RANKS = Misconception(
    "gives every process the same batches",
    "Of world_size processes each takes its own share: batches rank, rank + world_size, ...",
)
BLOCKS = Misconception(
    "gives each process a block of consecutive batches",
    "The first batches of an epoch hold the largest categories. Deal the batches out in turns: "
    "rank, rank + world_size, ...",
)
UNEQUAL_RANKS = Misconception(
    "gives some processes a batch more than others",
    "The processes wait for one another after every batch: the one with more would wait for ever. "
    "Drop the last batches that would not reach all.",
)
OWN_PLANS = Misconception(
    "plans another epoch on every process",
    "Seed with (seed, epoch) only, not with rank: all processes draw the same plan, and each takes "
    "its share, so that no two share a batch.",
)
LENGTH_OF_ALL = Misconception(
    "counts the batches of all processes in __len__",
    "len() is what this process yields: the batches of the epoch // world_size.",
)
NUM_BATCHES_IGNORED = Misconception(
    "does not yield num_batches batches",
    "With num_batches an epoch is just that many batches, more or fewer than cover the products "
    "once.",
)
DEPENDENT_BATCHES = Misconception(
    "does not draw the num_batches batches independently of one another",
    "Draw n_categories of all eligible categories anew for each batch, then products, then images.",
)
GLOBAL_CHANGED = Misconception(
    "changes a global random generator",
    "Shuffling batches must not change how the model is initialised or augmented: use a generator "
    "of your own, np.random.default_rng or random.Random, and seed no global one.",
)
GLOBAL_READ = Misconception(
    "draws from a global random generator",
    "Use a generator of your own, seeded with self.seed and self.epoch.",
)
HASH_SEED = Misconception(
    "depends on the hash of texts, which differs from process to process",
    "Python salts the hash of every str (PYTHONHASHSEED), and with it the order of a set of them. "
    "Seed with numbers, and go through sorted ids.",
)
SAME_LEFT_OUT = Misconception(
    "leaves the same products out in every epoch",
    "Shuffle the products of a category before each epoch's chunks are cut, so that the rest is "
    "another one each time.",
)
SAME_IMAGES = Misconception(
    "draws the same images of a product every time",
    "Draw n_images of all images of the product, not the first ones.",
)
SAME_PARTNERS = Misconception(
    "combines the same categories in every epoch",
    "Among categories with equally many chunks left, chance decides: break ties at random.",
)
CHECKS_LOST = Misconception(
    "has lost the argument checks that were given",
    "The calls of require_... at the start of the constructor belong to it: leave them there.",
)


@hidden_tests("batch_sampler")
class TestBatchSamplerHidden:
    """Other data sets, other processes, and what chance must be able to do."""

    @graded(2, "other data sets, ids as arrays and tensors", after="test_images")
    def test_other_data_sets(self, submission: Submission, draw: torch.Generator) -> None:
        for make in (list, np.array, torch.tensor):
            sizes = (integer(draw, 2, 3), integer(draw, 2, 3), integer(draw, 2, 4))
            full = [[sizes[2]] * sizes[1] for _ in range(sizes[0])]  # so that one batch is possible
            more = [integers(draw, 1, 7, integer(draw, 1, 12)) for _ in range(4)]
            names = torch.randperm(50, generator=draw).tolist()
            counts = dict(zip(names, full + more, strict=False))
            images = images_of(counts, seed=integer(draw, 0, 10**6))
            n, m, each = sizes
            eligible = eligible_products(
                images.categories, images.products, n_products=m, n_images=each
            )
            length = epoch_length([len(products) // m for products in eligible.values()], n)
            sampler = submission.construct(
                make(images.categories), make(images.products), **named(sizes)
            )
            batches = passes(sampler, "first pass")
            expect_filled(batches, images, sizes)
            expect_no_product_twice(batches, images)
            reported = sampler.len()
            expect(
                len(batches) == reported,
                f"len() says {reported}, {len(batches)} batches come.",
                misconception=TWO_RULES,
            )
            mistake = NOT_FULLEST_FIRST if len(batches) < length else PRODUCT_REUSED
            expect(
                len(batches) == length,
                f"an epoch should hold {length} batches; it holds {len(batches)}.",
                misconception=mistake,
            )

    @graded(
        3, "processes share an epoch: every world_size-th batch, none twice", after="test_length"
    )
    def test_ranks(self, submission: Submission, draw: torch.Generator) -> None:
        images, sizes, world_size = images_of({1: [3] * 21, 2: [3] * 23}), (2, 3, 2), 3
        options = {"seed": integer(draw, 0, 10**6)}
        alone = images.sampler(submission, sizes, **options)
        whole = passes(alone, "first pass")
        expect_products(whole, images, sizes)
        expect(len(whole) == 7, f"an epoch should hold 7 batches; it holds {len(whole)}.")
        parts, lengths = [], []
        for rank in range(world_size):
            options |= {"rank": rank, "world_size": world_size}
            sampler = images.sampler(submission, sizes, **options)
            parts.append(passes(sampler, f"pass of rank {rank}"))
            lengths.append(sampler.len())
        counts = [len(part) for part in parts]
        if all(part == whole for part in parts):
            fail("each of 3 processes came with all batches.", misconception=SAME_ON_ALL_RANKS)
        expect(
            len(set(counts)) == 1,
            f"3 processes that share 7 batches should yield 2 each; they yield {counts}.",
            misconception=UNEQUAL_RANKS,
        )
        expect(
            lengths == counts,
            f"the processes yield {counts} batches; len() says {lengths}.",
            misconception=LENGTH_OF_ALL if set(lengths) == {7} else TWO_RULES,
        )
        shares = [whole[rank:6:world_size] for rank in range(world_size)]
        if parts == [whole[2 * rank : 2 * rank + 2] for rank in range(world_size)]:
            fail("rank 0 has the first two batches of the epoch.", misconception=BLOCKS)
        expect(
            all(batch in whole for part in parts for batch in part),
            "the batches of the processes are not those that one process alone would yield.",
            misconception=OWN_PLANS,
        )
        expect(
            parts == shares,
            "rank r of 3 should have batches r and r + 3 of those that one process would yield.",
        )
        sampler = images.sampler(submission, sizes, num_batches=9, rank=1, world_size=4)
        share = len(passes(sampler, "first pass")), sampler.len()
        expect(
            share == (2, 2),
            f"one of 4 processes that share num_batches=9 should yield 2; (batches, len()) are "
            f"{share}.",
            misconception=Misconception(
                "does not share num_batches batches among the processes",
                "num_batches are those of all processes together: each takes num_batches // "
                "world_size of them.",
            ),
        )

    @graded(2, "num_batches independent batches", after="test_categories_and_products")
    def test_num_batches(self, submission: Submission, draw: torch.Generator) -> None:
        images, sizes = images_of({1: [3] * 3, 2: [3] * 4, 3: [3] * 3}), (2, 3, 2)
        seed = integer(draw, 0, 10**6)
        sampler = images.sampler(submission, sizes, num_batches=70, seed=seed)
        batches, reported = passes(sampler, "first pass"), sampler.len()
        expect(
            len(batches) == reported == 70,
            f"70 batches should come for num_batches=70, and len() should say so; {len(batches)} "
            f"come, and len() says {reported}.",
            misconception=TWO_RULES if len(batches) == 70 else NUM_BATCHES_IGNORED,
        )
        expect_products(batches, images, sizes)
        # Three pairs of categories: that one is never drawn in 70 batches has p < 2e-12.
        pairs = {frozenset(images.categories[i] for i in batch) for batch in batches}
        expect(
            len(pairs) == 3,
            f"in 70 batches of 2 of 3 categories each pair should come; {len(pairs)} came.",
            misconception=DEPENDENT_BATCHES,
        )
        fewer = EVEN.sampler(submission, SIZES, num_batches=1, seed=seed)
        expect_equal(len(passes(fewer, "pass")), 1, what="the number of batches for num_batches=1")

    @graded(
        1, "global random generators neither read nor changed", after="test_categories_and_products"
    )
    def test_global_generators(self, submission: Submission) -> None:
        seen = submission.probe("global_generators", EVEN.categories, EVEN.products, **named(SIZES))
        epochs = read_epochs(seen.get("epochs") if type(seen) is dict else None)
        for epoch in epochs:
            expect_products(epoch, EVEN, SIZES)
        changed = seen.get("changed")
        expect(
            changed == [],
            f"global generators changed: {describe(changed)}.",
            misconception=GLOBAL_CHANGED,
        )
        expect(
            epochs[0] == epochs[1],
            "the batches depend on the state of a global generator.",
            misconception=GLOBAL_READ,
        )

    @graded(1, "the same batches under another PYTHONHASHSEED", after="test_seed_and_epoch")
    def test_other_hash_seed(self, submission: Submission) -> None:
        seen = submission.probe("other_hash_seed", EVEN.categories, EVEN.products, **named(SIZES))
        epochs = read_epochs(seen)
        for epoch in epochs:
            expect_products(epoch, EVEN, SIZES)
        expect(
            epochs[0] == epochs[1],
            "the batches differ between two hash seeds.",
            misconception=HASH_SEED,
        )

    @graded(
        1,
        "the constructor checks ids, sizes, seed and rank",
        after="test_categories_and_products",
    )
    def test_constructor(self, submission: Submission) -> None:
        ids = categories, products = EVEN.categories, EVEN.products
        good = {**named(SIZES), "seed": 0}
        expect_products(passes(EVEN.sampler(submission, SIZES), "first pass"), EVEN, SIZES)
        submission.construct(*ids, **good, rank=1, world_size=2, num_batches=1)
        for error, changed in (
            ("ValueError", {"n_categories": 0}),
            ("ValueError", {"n_products": -1}),
            ("ValueError", {"n_images": 0}),
            ("TypeError", {"n_images": 2.5}),
            ("ValueError", {"num_batches": 0}),
            ("TypeError", {"num_batches": 1.5}),
            ("ValueError", {"seed": -1}),
            ("ValueError", {"rank": 2, "world_size": 2}),
            ("ValueError", {"rank": -1, "world_size": 2}),
            ("ValueError", {"world_size": 0}),
        ):
            given = ", ".join(f"{name}={value}" for name, value in changed.items())
            expect_refused(submission, error, given, *ids, **{**good, **changed})
        for error, given, wrong in (
            ("ValueError", "ids of different length", (categories[1:], products)),
            ("TypeError", "ids that are no integers", (categories, [0.5] * len(products))),
        ):
            expect_refused(submission, error, given, *wrong, **good)
        try:
            torn = [99, *categories[1:]]
            submission.constructing_raises("ValueError", torn, products, **good)
        except CheckFailure as failure:
            fail(
                f"For a product in two categories: {failure.rationale}",
                help="eligible_products refuses it: call it in the constructor.",
            )
        for n_images, kinds in ((1, ["UserWarning"]), (2, [])):
            sizes = named((N, M, n_images))
            seen = submission.probe("construction_warnings", *ids, **sizes)
            expect_equal(
                seen,
                kinds,
                what="the list of warnings",
                given=f"n_images={n_images}",
                misconceptions=[([], CHECKS_LOST)],
            )

    @graded(
        2, "every product, image and pair of categories gets its turn", after="test_passes_differ"
    )
    def test_every_choice(self, submission: Submission, draw: torch.Generator) -> None:
        images = images_of({1: [6] * 4, 2: [6] * 4, 3: [6] * 4, 4: [6] * 4})
        sampler = images.sampler(submission, SIZES, seed=integer(draw, 0, 10**6))
        used: Counter[int] = Counter()
        pairs: Counter[frozenset[int]] = Counter()
        # In an epoch a product is used with p = 3/4, an image with 5/8, a pair of categories with
        # 1/3. That one of 16, 96 and 6 of them is never used in 80 epochs has p < 1e-13.
        for _ in range(80):
            batches = passes(sampler, "pass")
            expect_products(batches, images, SIZES)
            used.update(i for batch in batches for i in batch)
            pairs.update(frozenset(images.categories[i] for i in batch) for batch in batches)
        products = images.products_of(list(used))
        expect(
            len(products) == 16,
            f"in 80 epochs each of 16 products should be used; {len(products)} were.",
            misconception=SAME_LEFT_OUT,
        )
        expect(
            len(used) == len(images.products),
            f"in 80 epochs each of {len(images.products)} images should be used; {len(used)} were.",
            misconception=SAME_IMAGES,
        )
        seen = [pair for pair in combinations((1, 2, 3, 4), 2) if frozenset(pair) in pairs]
        expect(
            len(seen) == 6,
            f"in 80 epochs each pair of 4 equal categories should meet; only {seen} did.",
            misconception=SAME_PARTNERS,
        )
