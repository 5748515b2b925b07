"""Public tests of triplet_loss."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect_close,
    expect_gradient,
    expect_tensor,
    graded,
)
from grader_tests.shared.losses import expect_zero_for_nothing
from grader_tests.shared.steps import expect_vectorised

# Squared distances 1 and 4 (easy), 1 and 1.25 (semi-hard), 4 and 1 (hard).
ANCHORS = torch.tensor([[1.0, 1.0], [0.0, 2.0], [3.0, 0.0]], dtype=torch.float64)
POSITIVES = ANCHORS + torch.tensor([[0.6, 0.8], [0.6, 0.8], [1.2, 1.6]], dtype=torch.float64)
NEGATIVES = ANCHORS + torch.tensor([[1.2, 1.6], [1.0, 0.5], [0.8, 0.6]], dtype=torch.float64)
TRIPLETS = (ANCHORS.float(), POSITIVES.float(), NEGATIVES.float())
GIVEN = "three triplets with squared distances (1, 4), (1, 1.25) and (4, 1)"


@exercise(
    "triplet_loss",
    object="course_lib.losses.triplet_loss",
    title="Triplet loss on squared distances",
    difficulty=2,
    minutes=15,
    hints=(
        "Three vectors of N numbers, in this order: the squared distances to the positives, those "
        "to the negatives, and the losses. Only then think of the reduction.",
        "The hinge acts on each triplet, before anything is averaged: relu() of the vector.",
        "losses.mean() of nothing is nan. losses.sum() of nothing is a 0 that remembers the graph: "
        "divide it by max(N, 1).",
    ),
)
class TestTripletLoss:
    """max(0, ‖a - p‖² - ‖a - n‖² + margin), reduced."""

    @graded(4, "the mean loss of three triplets, worked out by hand")
    def test_three_triplets(self, submission: Submission) -> None:
        expect_close(
            submission.call(*TRIPLETS, 0.5),
            torch.tensor(1.25),
            what="the loss",
            given=f"{GIVEN}, margin 0.5",
            help="The three losses are 0, 0.25 and 3.5.",
            misconceptions=[
                (torch.tensor(value), mistake) for value, mistake in WRONG_TRIPLET_LOSSES
            ],
        )

    @graded(2, "an easy triplet costs 0, and pays for no other")
    def test_easy_triplets(self, submission: Submission) -> None:
        hard = [rows[2:] for rows in TRIPLETS]
        expect_close(submission.call(*hard, 0.5), torch.tensor(3.5), what="the loss",
                     given="a triplet with squared distances (4, 1), margin 0.5")  # fmt: skip
        same, far = torch.zeros(1, 2), torch.tensor([[2.0, 0.0]])
        expect_close(
            submission.call(same, same, far, 0.5),
            torch.tensor(0.0),
            what="the loss",
            given="a positive that equals the anchor and a negative at squared distance 4",
            misconceptions=[
                (torch.tensor(-3.5), Misconception(
                    "has no hinge: the loss becomes negative",
                    "A triplet that keeps the margin has nothing left to learn: cut its loss off "
                    "at 0.")),
                (torch.tensor(4.5), EXCHANGED),
            ],
        )  # fmt: skip
        both = [torch.cat([h, e]) for h, e in zip(hard, (same, same, far), strict=True)]
        expect_close(
            submission.call(*both, 0.5),
            torch.tensor(1.75),
            what="the loss",
            given="these two together",
            misconceptions=[
                (torch.tensor(0.0), HINGE_LATE),
                (torch.tensor(3.5), ACTIVE_ONLY),
            ],
        )

    @graded(2, 'the reductions "none", "sum" and "mean"')
    def test_reductions(self, submission: Submission) -> None:
        ignored = Misconception(
            "ignores the reduction that it is asked for",
            '"none" gives all N losses, "sum" their sum, "mean" their mean.',
        )
        active = Misconception(
            'leaves the easy triplets out of "none"',
            '"none" gives one loss a triplet, in order, zeros included: who calls it wants to know '
            "which triplet cost what.",
        )
        losses = torch.tensor([0.0, 0.25, 3.5])
        for reduction, expected in (("none", losses), ("sum", losses.sum()),
                                    ("mean", losses.mean())):  # fmt: skip
            expect_close(
                submission.call(*TRIPLETS, 0.5, reduction),
                expected,
                what="the loss",
                given=f'{GIVEN}, margin 0.5, reduction "{reduction}"',
                misconceptions=[
                    (losses[1:], active),
                    (losses, ignored),
                    (losses.sum(), ignored),
                    (losses.mean(), ignored),
                ],
            )

    @graded(1, "margin 0.2 and the mean, unless given")
    def test_defaults(self, submission: Submission) -> None:
        expect_close(
            submission.call(*TRIPLETS),
            torch.tensor(3.2 / 3),
            what="the loss",
            given=f"{GIVEN}, margin and reduction left out",
            misconceptions=[
                (torch.tensor(3.2), Misconception(
                    "returns the sum unless told otherwise",
                    'The default reduction is "mean": it keeps the step size independent of how '
                    "many triplets were found.")),
            ],
        )  # fmt: skip

    @graded(3, "the gradients of anchor, positive and negative")
    def test_gradients(self, submission: Submission) -> None:
        _, gradients = submission.vjp(ANCHORS, POSITIVES, NEGATIVES, 0.5, wrt=(0, 1, 2))
        expected = torch.tensor(
            [
                [[0.0, 0.0], [0.8, -0.6], [-0.8, -2.0]],
                [[0.0, 0.0], [1.2, 1.6], [2.4, 3.2]],
                [[0.0, 0.0], [-2.0, -1.0], [-1.6, -1.2]],
            ],
            dtype=torch.float64,
        )
        for name, gradient, wanted in zip(
            ("anchor", "positive", "negative"), gradients, expected / 3, strict=True
        ):
            expect_gradient(gradient, wanted, of=name, count=3, given=f"{GIVEN}, margin 0.5")

    @graded(2, "no triplets: a zero that backward() accepts", after="test_three_triplets")
    def test_no_triplets(self, submission: Submission) -> None:
        nothing = (torch.zeros(0, 4),) * 3
        expect_zero_for_nothing(submission, nothing, wrt=(0, 1, 2))
        expect_zero_for_nothing(submission, nothing, wrt=(0, 1, 2), reduction="sum")
        expect_tensor(submission.call(*nothing, reduction="none"), shape=(0,),
                      what='the losses of no triplets, reduction "none",')  # fmt: skip

    @graded(2, "no Python loop over the triplets", after="test_three_triplets")
    def test_no_loop(self, submission: Submission) -> None:
        expect_vectorised(submission, TRIPLETS, [rows.repeat(20, 1) for rows in TRIPLETS])


EXCHANGED = Misconception(
    "has positive and negative exchanged",
    "As it stands the loss rewards anchors for lying far from their positives. It grows with "
    "‖a - p‖² and falls with ‖a - n‖².",
)
HINGE_LATE = Misconception(
    "averages before the hinge: an easy triplet pays for a hard one",
    "max(0, ...) belongs to each triplet. Apply it to the vector of N values, then average.",
)
ACTIVE_ONLY = Misconception(
    "averages over the triplets whose loss is not 0",
    "The mean is over all N triplets, easy ones included.",
)
# What known mistakes make of the three triplets with margin 0.5.
WRONG_TRIPLET_LOSSES = [
    (1.25 / 3, HINGE_LATE),
    (4.25 / 3, EXCHANGED),
    (0.6273220, Misconception(
        "takes the roots of the distances",
        "This loss compares squared distances. The same margin means something else on roots, and "
        "the miner, which works on squared distances, would choose triplets that cost nothing.")),
    (0.9606553, Misconception(
        "is torch's TripletMarginLoss with its own defaults",
        "That loss takes the roots of the distances and a margin of 1. FaceNet's compares squared "
        "distances, and the margin is the argument.")),
    (3.2 / 3, Misconception(
        "ignores the margin that it is given", "The result equals that for margin 0.2.")),
    (1.875, ACTIVE_ONLY),
    (3.75, Misconception(
        "returns the sum unless told otherwise", 'The default reduction is "mean".')),
    (2.5 / 3, Misconception(
        "subtracts the margin",
        "The margin makes the loss stricter: a triplet costs something until the negative is "
        "farther by the margin, so it is added.")),
    (1.0, Misconception(
        "leaves the margin out",
        "Without a margin the loss is satisfied as soon as the negative is farther by a hair.")),
    (5.09 / 3, Misconception(
        "measures the negative from the positive",
        "Both distances start at the anchor: ‖a - p‖² and ‖a - n‖².")),
    (2.375 / 3, Misconception(
        "averages over the dimensions of an embedding",
        "A squared distance is the sum over the dimensions; a mean makes it D times smaller, and "
        "the margin D times larger.")),
    (4.1041667, Misconception(
        "squares the hinge", "The distances are squared, the hinge is not.")),
    (1.4781932, Misconception(
        "uses a softplus where a hinge is asked",
        "softplus is a smooth hinge and never 0: triplets that keep the margin cost something.")),
]  # fmt: skip
