"""Public tests of semi_hard_triplets."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import Misconception, Submission, exercise, expect, graded
from grader_tests.shared.index_rows import index_rows
from grader_tests.shared.semi_hard_triplets import (
    NAMES,
    Batch,
    _first_problem,
    expect_semi_hard,
    symmetric,
)
from grader_tests.shared.steps import expect_vectorised

NEAREST = Misconception(
    "always takes the nearest semi-hard negative",
    "The negative is drawn at random among the semi-hard ones, each with the same chance.",
)
FIRST = Misconception(
    "always takes the first semi-hard negative in the batch",
    "argmax of a mask, or the first of nonzero(), is always the same. The negative is drawn at "
    "random, each semi-hard one with the same chance.",
)
ALWAYS_THE_SAME = Misconception(
    "makes the same choice in every call",
    "Each call draws anew. Do not set a seed inside the function.",
)
GENERATOR_IGNORED = Misconception(
    "does not draw from the generator that it is given",
    "Hand it on to the function that draws: torch.rand(..., generator=generator).",
)
# Every pair has at most one semi-hard negative: the answer is (0, 1, 2), (2, 3, 0), (2, 4, 1) and
# (4, 3, 1). Pairs (1, 0), (3, 2) and (3, 4) have hard and easy negatives only; so has (4, 2), where
# image 3 lies inside the band, but shows the anchor's own product.
FIVE_IMAGES = Batch(
    symmetric(
        5,
        {
            (0, 1): 1.0, (0, 2): 1.125, (0, 3): 0.25, (0, 4): 3.0,
            (1, 2): 0.5, (1, 3): 2.0, (1, 4): 0.6875,
            (2, 3): 1.0, (2, 4): 0.375, (3, 4): 0.5,
        },
        others=0.0,
    ),
    torch.tensor([6, 6, 2, 2, 2]),
)  # fmt: skip
# 24 pairs, each with four semi-hard negatives.
PLENTY = Batch(
    torch.where(torch.arange(8)[:, None] // 4 == torch.arange(8) // 4, 1.0, 1.125).fill_diagonal_(
        0
    ),
    torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]),
)


@exercise(
    "semi_hard_triplets",
    object="course_lib.mining.semi_hard_triplets",
    title="Semi-hard negatives for all pairs at once",
    difficulty=4,
    minutes=30,
    hints=(
        "Write it for one pair first: row a of the matrix gives the loss against every image of "
        "the batch. Which of those entries may be chosen?",
        "For all P pairs at once: distances[anchors, positives][:, None] - distances[anchors] + "
        "margin has shape (P, B). Make a mask of the same shape: other product, and 0 < loss < "
        "margin.",
        "A random True of each row: draw a (P, B) tensor of uniform noise with the generator, set "
        "it to -1 where the mask is False, and take argmax(dim=1). Then drop the rows without any "
        "True. (torch.multinomial on those rows does the same.)",
    ),
)
class TestSemiHardTriplets:
    """One random negative with 0 < d²(a, p) - d²(a, n) + margin < margin for each pair."""

    @graded(5, "a batch of five where every pair has one semi-hard negative or none")
    def test_five_images(self, submission: Submission) -> None:
        expect_semi_hard(submission.call(*FIVE_IMAGES.arguments), FIVE_IMAGES)

    @graded(3, "both ends of the band are excluded: loss 0 and loss = margin")
    def test_ends_of_the_band(self, submission: Submission) -> None:
        # Exact in binary. Pair (0, 1) has a negative at loss 0 only, (1, 0) one at loss = margin
        # only; (4, 5) and (5, 4) have one inside the band, (6, 7) and (7, 6) none anywhere.
        batch = Batch(
            symmetric(
                8,
                {
                    (0, 1): 1.0, (0, 2): 1.25, (1, 3): 1.0,
                    (4, 5): 1.0, (4, 2): 1.125, (5, 3): 1.125, (6, 7): 1.0,
                },
                others=4.0,
            ),
            torch.tensor([0, 0, 1, 2, 3, 3, 4, 4]),
        )  # fmt: skip
        expect_semi_hard(submission.call(*batch.arguments), batch)

    @graded(2, "distances are used as they come: squared; the margin is 0.2 unless given")
    def test_squared_distances(self, submission: Submission) -> None:
        # The roots of 1 and 1.21, and the squares of 0.25 and 0.5, differ by less than 0.2.
        for ap, an in ((1.0, 1.21), (0.25, 0.5)):
            batch = Batch(
                symmetric(6, {(0, 1): ap, (0, 2): an, (3, 4): 1.0, (3, 5): 1.1}, others=3.0),
                torch.tensor([0, 0, 1, 2, 2, 3]),
                margin=0.2,
            )
            expect_semi_hard(submission.call(*batch.arguments), batch)
            triplets = index_rows(submission.call(batch.distances, batch.labels), NAMES, 6)
            problem = _first_problem(triplets, batch)
            expect(
                not problem,
                f"With the margin left out: {problem}",
                misconception=Misconception(
                    "uses another default margin than 0.2",
                    "Left out, the margin is 0.2, as in the signature that you were given.",
                ),
            )

    @graded(3, "every semi-hard negative is drawn sooner or later, and no other")
    def test_every_negative_is_drawn(self, submission: Submission) -> None:
        batch = Batch(
            symmetric(
                8,
                {
                    (0, 1): 1.0,
                    (0, 2): 1.125, (0, 3): 0.5, (0, 4): 1.0625, (0, 6): 1.1875,
                    (1, 3): 1.1875, (1, 4): 0.5, (1, 5): 1.125, (1, 7): 1.0625,
                },
                others=3.0,
            ),
            torch.tensor([0, 0, 1, 2, 3, 4, 5, 6]),
        )  # fmt: skip
        # Two pairs with three negatives each: one of them stays away from 64 fair draws with a
        # probability below 6 · (2/3)^64 = 4e-11.
        drawn: dict[tuple[int, int], set[int]] = {}
        for _ in range(64):
            for pair, n in expect_semi_hard(submission.call(*batch.arguments), batch).items():
                drawn.setdefault(pair, set()).add(n)
        known = [({(0, 1): {4}, (1, 0): {7}}, NEAREST), ({(0, 1): {2}, (1, 0): {3}}, FIRST)]
        same = ALWAYS_THE_SAME if all(len(found) == 1 for found in drawn.values()) else None
        for (a, p), wanted in batch.choices().items():
            expect(
                drawn[a, p] == wanted,
                f"Pair ({a}, {p}) has the semi-hard negatives {sorted(wanted)}; in 64 calls only "
                f"{sorted(drawn[a, p])} came back.",
                help="Each of them must have the same chance. Is the last one within reach?",
                misconception=next((m for found, m in known if found == drawn), same),
            )

    @graded(2, "equal generator states give equal triplets, others give others")
    def test_generator(self, submission: Submission) -> None:
        def mine(generator: Any) -> dict[tuple[int, int], int]:
            value = submission.call(*PLENTY.arguments, generator=generator)
            return expect_semi_hard(value, PLENTY)

        first, again = mine(submission.generator(1)), mine(submission.generator(1))
        expect(first == again, "Two generators in the same state should give the same triplets.",
               misconception=GENERATOR_IGNORED)  # fmt: skip
        # 24 pairs with four negatives each agree by chance with probability 4^-24 = 4e-15.
        expect(
            mine(submission.generator(2)) != first,
            "Generators in different states should give different triplets.",
            misconception=ALWAYS_THE_SAME,
        )

    @graded(1, "a given generator is the only source of randomness")
    def test_global_randomness_untouched(self, submission: Submission) -> None:
        seen = submission.probe(
            "global_random_state", *PLENTY.arguments, generator=submission.generator(3)
        )
        expect(type(seen) is dict and seen.keys() == {"value", "changed"}, "No plain answer came.")
        expect_semi_hard(seen["value"], PLENTY)
        expect(
            seen["changed"] == [],
            f"Global random state changed although a generator was given: {seen['changed']}.",
            misconception=Misconception(
                "reads or sets a global random generator",
                "Who hands in a generator wants everything else left alone: draw from it only, "
                "and set no seed.",
            ),
        )

    @graded(2, "no semi-hard negative at all: three empty vectors", after="test_five_images")
    def test_nothing_semi_hard(self, submission: Submission) -> None:
        labels = torch.tensor([0, 0, 1, 1])
        for negative in (0.5, 3.0):
            batch = Batch(symmetric(4, {(0, 1): 1.0, (2, 3): 1.0}, others=negative), labels)
            expect_semi_hard(submission.call(*batch.arguments), batch)

    @graded(2, "distances may carry a gradient, and are left as they are", after="test_five_images")
    def test_inputs_untouched(self, submission: Submission) -> None:
        _, after = submission.call(*FIVE_IMAGES.arguments, return_args=True)
        before = (FIVE_IMAGES.distances, FIVE_IMAGES.labels)
        for old, new, name in zip(before, after[:2], ("distances", "labels"), strict=True):
            expect(
                type(new) is torch.Tensor and torch.equal(new, old),
                f"{name} should be left as they are; the call changed them.",
                misconception=Misconception(
                    "writes into the tensors that it is given",
                    "The caller goes on using them. Work on a copy, or use masked_fill and where "
                    "instead of assignments.",
                ),
            )
        distances = FIVE_IMAGES.distances.clone().requires_grad_(True)
        value = submission.call(distances, *FIVE_IMAGES.arguments[1:])
        expect_semi_hard(value, FIVE_IMAGES)

    @graded(2, "no Python loop over pairs or images", after="test_five_images")
    def test_no_loop(self, submission: Submission) -> None:
        labels = PLENTY.labels.repeat(4)
        many = Batch(PLENTY.distances.repeat(4, 4), labels)
        expect_vectorised(submission, PLENTY.arguments, many.arguments)
