"""Public tests of assignment 03, triplets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from autograder.testing.declarations import exercise, graded
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
)
from grader_tests.loss_expectations import (
    expect_vectorised,
    expect_zero_for_nothing,
)

# contrastive loss ------------------------------------------------------------------------------

NAN_AT_ZERO = Misconception(
    "takes the square root of a distance of 0, whose slope is infinite",
    "In the chain rule the infinite slope meets a 0, and infinity times 0 is nan. One image in the "
    "batch twice is enough to ruin every weight. torch.linalg.vector_norm has gradient 0 at 0.",
)
PUSHED_ALONG_EPSILON = Misconception(
    "adds a small epsilon to every component of the difference",
    "An identical pair then is not identical any more and gets pushed along (1, 1, ..., 1), a "
    "direction that nobody chose. torch.nn.functional.pairwise_distance does that.",
)
ONE_COST_A_PAIR = Misconception(
    "returns one cost a pair",
    "The loss is one number: the sum of the costs, divided by 2N.",
)


@exercise(
    "contrastive_loss",
    object="course_lib.losses.contrastive_loss",
    title="Contrastive loss: pull similar pairs together, push the others apart",
    points=20,
    difficulty=2,
    minutes=15,
    hints=(
        "One cost a pair first, as a vector of N numbers. The last line makes one number of it.",
        "torch.linalg.vector_norm(..., dim=1) gives the N distances; its gradient at 0 is 0.",
        "torch.where(similar, cost if similar, cost if not) chooses row by row. For the average "
        "use the sum over 2 * max(N, 1), so that no pairs give 0 rather than nan.",
    ),
)
class TestContrastiveLoss:
    """1/(2N) Σ [ s d² + (1 - s) max(0, margin - d)² ]."""

    @graded(4, "the loss of five pairs, worked out by hand")
    def test_five_pairs(self, submission):
        x = torch.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0], [1.0, 0.0], [0.0, 2.0]])
        apart = torch.tensor([[0.9, 1.2], [0.3, 0.4], [0.0, 0.0], [0.15, 0.2], [1.8, 2.4]])
        similar = torch.tensor([True, True, True, False, False])
        loss = expect_tensor(
            submission.call(x, x + apart, similar),
            shape=(),
            what="the loss",
            misconceptions={(5,): ONE_COST_A_PAIR},
        )
        expect_close(
            loss,
            torch.tensor(0.30625),
            what="the loss",
            given="similar pairs at distance 1.5, 0.5 and 0, dissimilar ones at 0.25 and 3",
            help="The five costs are 2.25, 0.25, 0, 0.5625 and 0.",
            misconceptions=[
                (torch.tensor(value), mistake) for value, mistake in WRONG_CONTRASTIVE_LOSSES
            ],
        )

    @graded(2, "dissimilar pairs cost something up to the margin, 1 unless given")
    def test_margin(self, submission):
        x = torch.zeros(3, 2)
        y = torch.tensor([[0.9, 1.2], [0.3, 0.4], [1.5, 2.0]])
        similar = torch.tensor([False, False, False])
        pairs = "dissimilar pairs at distance 1.5, 0.5 and 2.5"
        default, ignored = torch.tensor(0.25 / 6), Misconception(
            "ignores the margin that it is given",
            "The result for another margin equals that for margin 1.",
        )  # fmt: skip
        expect_close(submission.call(x, y, similar), default, what="the loss",
                     given=f"{pairs}, margin left out")  # fmt: skip
        for margin, expected in ((2.0, 2.5 / 6), (0.75, 0.0625 / 6)):
            expect_close(
                submission.call(x, y, similar, margin),
                torch.tensor(expected),
                what="the loss",
                given=f"{pairs}, margin {margin}",
                help="The cost is (margin - d)² below the margin and 0 above it.",
                misconceptions=[(default, ignored)],
            )

    @graded(3, "the gradient pulls similar pairs together and pushes dissimilar ones apart")
    def test_gradient(self, submission):
        x = torch.tensor([[1.0, 1.0], [0.0, 2.0], [5.0, 0.0]], dtype=torch.float64)
        apart = torch.tensor([[0.9, 1.2], [0.3, 0.4], [3.0, 4.0]], dtype=torch.float64)
        similar = torch.tensor([True, False, False])
        expected = torch.tensor([[-0.3, -0.4], [0.1, 0.4 / 3], [0.0, 0.0]], dtype=torch.float64)
        pulled = Misconception(
            "pulls dissimilar pairs together as well",
            "The cost of a dissimilar pair must fall as its distance grows: check the sign in the "
            "hinge.",
        )
        signs = torch.tensor([[1.0], [-1.0], [1.0]], dtype=torch.float64)
        _, gradients = submission.vjp(x, x + apart, similar, wrt=(0, 1))
        for name, gradient, wanted in zip(
            ("x", "y"), gradients, (expected, -expected), strict=True
        ):
            expect_gradient(
                gradient,
                wanted,
                of=name,
                count=3,
                atol=1e-5,
                given="a similar pair, a dissimilar pair inside the margin and one beyond it",
                misconceptions=[(signs * wanted, pulled)],
            )

    @graded(3, "identical pairs: the right cost, and gradient 0 instead of nan",
            after="test_five_pairs")  # fmt: skip
    def test_identical_pairs(self, submission):
        x = torch.tensor([[1.0, 2.0], [2.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
        y = torch.tensor([[1.0, 2.0], [2.0, 0.0], [3.0, 5.0]], dtype=torch.float64)
        similar = torch.tensor([False, True, True])
        value, gradients = submission.vjp(x, y, similar, wrt=(0, 1))
        expect_close(
            value,
            torch.tensor(26 / 6, dtype=torch.float64),
            what="the loss",
            given="an identical dissimilar pair, an identical similar one and one at distance 5",
            help="The costs are margin² = 1, 0 and 25.",
        )
        expected = torch.tensor([[0.0, 0.0], [0.0, 0.0], [-1.0, -4 / 3]], dtype=torch.float64)
        for name, gradient, wanted in zip(
            ("x", "y"), gradients, (expected, -expected), strict=True
        ):
            if isinstance(gradient, torch.Tensor) and gradient.shape == wanted.shape:
                expect(
                    not bool(gradient.isnan().any()),
                    f"The gradient of {name} contains nan when two embeddings are equal.",
                    misconception=NAN_AT_ZERO,
                )
                expect(
                    not bool(gradient[:2].abs().gt(1e-10).any()),
                    f"The gradient of {name} should be 0 for identical pairs, which have no "
                    f"direction to move in; it is {gradient[0].tolist()} and "
                    f"{gradient[1].tolist()}.",
                    misconception=PUSHED_ALONG_EPSILON,
                )
            expect_gradient(gradient, wanted, of=name, count=3)

    @graded(2, "no pairs: a zero that backward() accepts", after="test_five_pairs")
    def test_no_pairs(self, submission):
        nothing, none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.bool)
        expect_zero_for_nothing(submission, (nothing, nothing, none), wrt=(0, 1))

    @graded(2, "no Python loop over the pairs", after="test_five_pairs")
    def test_no_loop(self, submission):
        def pairs(count: int) -> tuple[torch.Tensor, ...]:
            return torch.zeros(count, 3), torch.ones(count, 3), torch.arange(count) % 2 == 0

        expect_vectorised(submission, pairs(4), pairs(40))


# What known mistakes make of the five pairs.
WRONG_CONTRASTIVE_LOSSES = [
    (0.6125, Misconception(
        "the factor 1/2 is missing",
        "The sum is divided by 2N, not by N: the 2 cancels against the derivative of a square.")),
    (1.53125, Misconception(
        "sums the pairs instead of averaging them",
        "Divide by N as well, or the step size depends on how many pairs a batch has.")),
    (3.0625, Misconception(
        "sums the costs and divides by nothing", "Divide the sum by 2N.")),
    (1.03125, Misconception(
        "takes similar for dissimilar",
        "`similar` is True where the pair shows the same product: those pairs cost d².")),
    (0.70625, Misconception(
        "has no hinge: dissimilar pairs beyond the margin still cost something",
        "margin - d is negative beyond the margin, and its square is not 0. Cut it off at 0 before "
        "you square it.")),
    (0.337890625, Misconception(
        "compares the squared distance with the margin",
        "Under the hinge stands the distance itself: max(0, margin - d)², not "
        "max(0, margin - d²)².")),
    (0.34375, Misconception(
        "squares the distance where the hinge should be squared",
        "A dissimilar pair costs max(0, margin - d)², not max(0, margin - d²).")),
    (0.325, Misconception(
        "does not square the hinge", "A dissimilar pair costs max(0, margin - d) squared.")),
    (0.25625, Misconception(
        "lets similar pairs cost d, not d²", "A similar pair costs its distance squared.")),
    (0.5572916667, Misconception(
        "averages similar and dissimilar pairs separately",
        "There is one average, over all N pairs: divide both sums by the same 2N.")),
    (0.25, Misconception(
        "gives dissimilar pairs no cost", "They cost max(0, margin - d)² each.")),
    (0.53225, Misconception(
        "measures the distance as a sum of absolute differences",
        "The Euclidean distance is asked: the root of the sum of squares.")),
]  # fmt: skip


# triplet loss ----------------------------------------------------------------------------------

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
    points=20,
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
    def test_three_triplets(self, submission):
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
    def test_easy_triplets(self, submission):
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
    def test_reductions(self, submission):
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
    def test_defaults(self, submission):
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
    def test_gradients(self, submission):
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
    def test_no_triplets(self, submission):
        nothing = (torch.zeros(0, 4),) * 3
        expect_zero_for_nothing(submission, nothing, wrt=(0, 1, 2))
        expect_zero_for_nothing(submission, nothing, wrt=(0, 1, 2), reduction="sum")
        expect_tensor(submission.call(*nothing, reduction="none"), shape=(0,),
                      what='the losses of no triplets, reduction "none",')  # fmt: skip

    @graded(2, "no Python loop over the triplets", after="test_three_triplets")
    def test_no_loop(self, submission):
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


# anchor-positive pairs -------------------------------------------------------------------------

ONE_TENSOR = Misconception(
    "returns one tensor instead of separate vectors",
    "Return them side by side: `return anchors, positives`.",
)
LABELS = torch.tensor([7, 3, 7, 3, 3, 9])
PAIRS = {(0, 2), (2, 0), (1, 3), (3, 1), (1, 4), (4, 1), (3, 4), (4, 3)}
NO_PARTNER = Misconception(
    "pairs an image with itself",
    "An image is at distance 0 of itself: nothing can be learnt from that pair. Anchor and "
    "positive are different images.",
)
UNORDERED = Misconception(
    "lists each pair in one order only",
    "The loss is not symmetric: (i, j) and (j, i) have different anchors. With i < j only, the "
    "last image of every product never is an anchor.",
)
TWICE = Misconception(
    "lists pairs more than once", "Each ordered pair of images belongs in the list once."
)
WRONG_PAIRS = [
    ({(a, p) for a, p in PAIRS if a < p}, UNORDERED),
    ({(a, p) for a, p in PAIRS if a > p}, UNORDERED),
    (PAIRS | {(i, i) for i in range(6)}, NO_PARTNER),
    ({(i, j) for i in range(6) for j in range(6) if i != j} - PAIRS, Misconception(
        "lists images of different products",
        "A positive shows the same product as the anchor: their labels are equal.")),
    ({(i, j) for i in range(6) for j in range(6) if i != j}, Misconception(
        "does not look at the labels", "Only images of the same product make a pair.")),
    ({(0, 2), (2, 0), (1, 3), (3, 4), (4, 1)}, Misconception(
        "gives each image one positive only",
        "Every other image of the product is a positive of the anchor.")),
    ({(0, 2), (1, 3), (3, 4)}, Misconception(
        "gives each image one positive only",
        "Every other image of the product is a positive of the anchor.")),
    ({(0, 2), (1, 3), (1, 4)}, Misconception(
        "takes only the first image of a product as anchor",
        "Every image of a product is an anchor for all the others.")),
    ({(1, 3), (3, 1), (1, 4), (4, 1), (3, 4), (4, 3)} | {(0, 1), (1, 0)}, Misconception(
        "returns positions within a product", "Positions in the batch are asked.")),
]  # fmt: skip


def index_rows(value: Any, names: Sequence[str], batch: int) -> list[tuple[int, ...]]:
    """Rows of index vectors that a miner returned: `[(anchor, positive, ...), ...]`.

    Fails unless `value` is a tuple of equally long int64 vectors of positions in the batch.
    """
    wanted = f"{len(names)} index vectors ({', '.join(names)})"
    if type(value) is torch.Tensor:
        fail(f"{wanted} should come back; one tensor of shape {tuple(value.shape)} did.",
             misconception=ONE_TENSOR)  # fmt: skip
    expect(
        type(value) in (tuple, list) and len(value) == len(names),
        f"A tuple of {wanted} should come back; it is "
        + (
            f"{len(value)} things."
            if type(value) in (tuple, list)
            else f"a {type(value).__name__}."
        ),
    )
    for name, vector in zip(names, value, strict=True):
        expect_tensor(vector, dtype=torch.int64, what=name)
        expect(vector.ndim == 1, f"{name} should be a vector; it has shape {tuple(vector.shape)}.")
    lengths = [len(vector) for vector in value]
    expect(len(set(lengths)) == 1, f"{wanted} should be equally long; their lengths are {lengths}.")
    rows = list(zip(*(vector.tolist() for vector in value), strict=True))
    for row in rows:
        expect(
            all(0 <= index < batch for index in row),
            f"Positions should lie in 0 to {batch - 1}, the images of the batch; found {row}.",
        )
    return rows


@exercise(
    "anchor_positive_pairs",
    object="course_lib.mining.anchor_positive_pairs",
    title="All anchor-positive pairs of a batch",
    points=15,
    difficulty=2,
    minutes=10,
    hints=(
        "Draw the table of all images against all images and tick where the labels are equal. "
        "Which ticks do you not want?",
        "The labels as a column, labels[:, None], compared with the labels as a row make that "
        "table: (B, B) and bool.",
        "Clear its diagonal; table.nonzero(as_tuple=True) gives the rows and the columns of the "
        "ticks that are left.",
    ),
)
class TestAnchorPositivePairs:
    """All (i, j), i ≠ j, with equal labels."""

    @graded(5, "every ordered pair of a batch of six, once")
    def test_six_images(self, submission):
        value = submission.call(LABELS)
        if type(value) in (tuple, list) and len(value) == 2:
            numbers = {
                number for part in value if type(part) is torch.Tensor
                for number in part.flatten().tolist()
            }  # fmt: skip
            expect(
                7 not in numbers,
                "Positions in the batch, 0 to 5, should come back; found 7, which is a label.",
                misconception=Misconception(
                    "returns labels instead of positions",
                    "The pairs are used to index the batch: embeddings[anchors]. Positions are "
                    "asked, not products.",
                ),
            )
        rows = index_rows(value, ("anchors", "positives"), len(LABELS))
        pairs = set(rows)
        known = {frozenset(wrong): mistake for wrong, mistake in WRONG_PAIRS}
        missing, surplus = sorted(PAIRS - pairs), sorted(pairs - PAIRS)
        expect(
            pairs == PAIRS,
            f"The labels {LABELS.tolist()} have {len(PAIRS)} ordered pairs. "
            + (f"Missing: {missing}. " if missing else "")
            + (f"Not asked for: {surplus}." if surplus else ""),
            misconception=known.get(frozenset(pairs)),
        )
        expect(len(rows) == len(pairs), f"There are {len(PAIRS)} pairs; {len(rows)} came back.",
               misconception=TWICE)  # fmt: skip

    @graded(3, "192 pairs for 4 categories x 4 products x 4 images")
    def test_count(self, submission):
        labels = torch.arange(16).repeat_interleave(4)
        rows = index_rows(submission.call(labels), ("anchors", "positives"), 64)
        expect(
            all(a != p and a // 4 == p // 4 for a, p in rows),
            "Every pair should be two different images of the same product.",
        )
        known = {96: UNORDERED, 256: NO_PARTNER}
        expect(
            len(rows) == 192,
            "16 products with 4 images each have 16 · 4 · 3 = 192 ordered pairs; "
            f"{len(rows)} came back.",
            misconception=known.get(len(rows)),
        )
        expect(len(set(rows)) == 192, "192 pairs came back, some of them twice.",
               misconception=TWICE)  # fmt: skip

    @graded(2, "products with one image give no pair", after="test_six_images")
    def test_no_pairs(self, submission):
        rows = index_rows(submission.call(torch.tensor([4, 0, 9])), ("anchors", "positives"), 3)
        expect(not rows, f"Three products with one image each have no pair; {rows} came back.")

    @graded(2, "no Python loop over images or products", after="test_six_images")
    def test_no_loop(self, submission):
        few, many = (torch.arange(n).repeat_interleave(3) for n in (2, 20))
        expect_vectorised(submission, [few], [many])


# semi-hard triplets ----------------------------------------------------------------------------

Rule = Callable[[float, float, float, float], bool]
"""Whether a negative is taken: of d²(a, p), d²(a, n), d²(p, n) and the margin."""

NAMES = ("anchors", "positives", "negatives")
POSITION_IN_A_LIST = Misconception(
    "takes the position in the list of negatives for a position in the batch",
    "The draw says which of the anchor's negatives it is, the 0th, 1st, 2nd ...; the image is what "
    "stands at that place of the list. Map it back.",
)
OWN_PRODUCT = Misconception(
    "takes images of the anchor's own product as negatives",
    "A negative shows another product: labels[a] != labels[n]. An image of the own product at that "
    "distance must not be pushed away.",
)
ALL_OF_THEM = Misconception(
    "returns several negatives for a pair",
    "One negative is drawn for each pair; otherwise pairs with many negatives outvote the others.",
)
FALLBACK = Misconception(
    "takes some other negative where a pair has no semi-hard one",
    "Such a pair is left out: an easy negative teaches nothing, and the hardest ones are often "
    "wrong labels.",
)
EMPTY_ROWS = Misconception(
    "keeps pairs that have no semi-hard negative",
    "argmax of a row without any True is 0, so image 0 seems to be chosen. Drop the rows of the "
    "mask that hold no True, in all three vectors.",
)
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


def semi_hard(ap: float, an: float, pn: float, margin: float) -> bool:
    """The rule that is asked for, on squared distances."""
    return ap < an < ap + margin


WRONG_RULES: list[tuple[Rule, Misconception]] = [
    (lambda ap, an, pn, m: ap < an <= ap + m, Misconception(
        "counts a loss of exactly 0 as semi-hard",
        "0 < loss is asked: a negative farther by exactly the margin has nothing left to teach.")),
    (lambda ap, an, pn, m: ap <= an < ap + m, Misconception(
        "counts a negative exactly as far as the positive as semi-hard",
        "loss < margin is asked: at equality the negative is not farther than the positive.")),
    (lambda ap, an, pn, m: ap <= an <= ap + m, Misconception(
        "includes both ends of the semi-hard band",
        "Both inequalities are strict: 0 < loss < margin.")),
    (lambda ap, an, pn, m: ap**0.5 < an**0.5 < ap**0.5 + m, Misconception(
        "compares roots of the distances",
        "The matrix holds squared distances, and so does the loss: take no root.")),
    (lambda ap, an, pn, m: ap**2 < an**2 < ap**2 + m, Misconception(
        "squares the distances once more", "The matrix already holds squared distances.")),
    (lambda ap, an, pn, m: ap < pn < ap + m, Misconception(
        "measures the negative from the positive",
        "Both distances start at the anchor: row a of the matrix, not row p.")),
    (lambda ap, an, pn, m: ap - m < an < ap, Misconception(
        "has the difference of the distances the wrong way round",
        "The loss is d²(a, p) - d²(a, n) + margin. As it stands, negatives nearer than the "
        "positive are chosen.")),
    (lambda ap, an, pn, m: an < ap, Misconception(
        "chooses the hard negatives",
        "loss > margin means that the negative is nearer than the positive. Semi-hard is "
        "0 < loss < margin.")),
    (lambda ap, an, pn, m: an < ap + m, Misconception(
        "asks for loss > 0 only, which includes the hard negatives",
        "A negative nearer than the positive has loss > margin: ask for loss < margin as well.")),
    (lambda ap, an, pn, m: an > ap, Misconception(
        "asks for loss < margin only, which includes the easy negatives",
        "A negative farther by more than the margin has a negative loss before the hinge: ask for "
        "0 < loss as well.")),
    (lambda ap, an, pn, m: an > ap + m, Misconception(
        "chooses the easy negatives",
        "They keep the margin already and cost nothing. Semi-hard is 0 < loss < margin.")),
    (lambda ap, an, pn, m: True, Misconception(
        "takes any negative", "Only those with 0 < loss < margin are semi-hard.")),
]  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """Squared distances, product ids and margin of a batch, with what they ask for."""

    distances: torch.Tensor
    labels: torch.Tensor
    margin: float = 0.25

    @property
    def arguments(self) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Positional arguments of the miner."""
        return self.distances, self.labels, self.margin

    def negatives(self, anchor: int) -> list[int]:
        """Images of other products than the anchor's."""
        labels = self.labels.tolist()
        return [n for n, label in enumerate(labels) if label != labels[anchor]]

    def choices(self, rule: Rule = semi_hard) -> dict[tuple[int, int], set[int]]:
        """For each anchor-positive pair that has any, the negatives which the rule takes."""
        d, labels = self.distances.double().tolist(), self.labels.tolist()
        found = {
            (a, p): {
                n for n in self.negatives(a) if rule(d[a][p], d[a][n], d[p][n], self.margin)
            }
            for a in range(len(labels)) for p in range(len(labels))
            if a != p and labels[a] == labels[p]
        }  # fmt: skip
        return {pair: negatives for pair, negatives in found.items() if negatives}

    def describe(self, a: int, p: int, n: int) -> str:
        """A triplet's distances and loss in words."""
        ap, an = float(self.distances[a, p]), float(self.distances[a, n])
        return (
            f"anchor {a}, positive {p}, negative {n}: d²(a, p) = {ap:.4g}, d²(a, n) = {an:.4g}, "
            f"margin {self.margin:g}, so the loss before the hinge is {ap - an + self.margin:.4g}"
        )


def expect_semi_hard(value: Any, batch: Batch) -> dict[tuple[int, int], int]:
    """Fail unless each pair that has a semi-hard negative has one of them, and no other pair any.

    Returns:
        The chosen negative of each pair.
    """
    triplets = index_rows(value, NAMES, len(batch.labels))
    problem = _first_problem(triplets, batch)
    if problem:
        fail(problem, misconception=_explanation(triplets, batch),
             help="Semi-hard: 0 < d²(a, p) - d²(a, n) + margin < margin.")  # fmt: skip
    return {(a, p): n for a, p, n in triplets}


def _first_problem(triplets: list[tuple[int, ...]], batch: Batch) -> str:
    """What is wrong with the triplets, by the first wrong one; "" when nothing is."""
    labels, choices = batch.labels.tolist(), batch.choices()
    for a, p, n in triplets:
        if a == p or labels[a] != labels[p]:
            return f"({a}, {p}) is no pair of different images of one product: {labels}."
        if labels[a] == labels[n]:
            return f"Image {n} is no negative of image {a}: both show product {labels[a]}."
        if n not in choices.get((a, p), ()):
            return f"A triplet is not semi-hard: {batch.describe(a, p, n)}."
    pairs = Counter(triplet[:2] for triplet in triplets)
    for pair, count in pairs.items():
        if count > 1:
            return f"Pair {pair} should have one negative; it came back {count} times."
    for pair, negatives in choices.items():
        if pair not in pairs:
            return f"Pair {pair} is left out, but has semi-hard negatives: {sorted(negatives)}."
    return ""


def _explanation(triplets: list[tuple[int, ...]], batch: Batch) -> Misconception | None:
    """The known mistake that all the wrong triplets have in common."""
    labels, right = batch.labels.tolist(), batch.choices()
    negatives = [batch.negatives(i) for i in range(len(labels))]
    pairs = [triplet[:2] for triplet in triplets]
    fitting = [n in right.get((a, p), ()) for a, p, n in triplets]
    everything = set(batch.choices(lambda ap, an, pn, m: True))
    all_pairs_served = set(pairs) == everything and all(
        good for pair, good in zip(pairs, fitting, strict=True) if pair in right
    )
    if all_pairs_served and all(n == 0 for a, p, n in triplets if (a, p) not in right):
        return EMPTY_ROWS
    if any(labels[a] == labels[n] for a, p, n in triplets):
        mapped = [
            (a, p, negatives[a][n]) for a, p, n in triplets if a != p and n < len(negatives[a])
        ]
        if len(mapped) == len(triplets) and not _first_problem(mapped, batch):
            return POSITION_IN_A_LIST
        return OWN_PRODUCT
    if any(a == p for a, p in pairs):
        return NO_PARTNER
    if all(fitting) and len(set(pairs)) < len(pairs):
        return ALL_OF_THEM
    if all(fitting) and pairs and set(pairs) in (
        {(a, p) for a, p in right if a < p}, {(a, p) for a, p in right if a > p}
    ):  # fmt: skip
        return UNORDERED
    if all_pairs_served:
        return FALLBACK
    for rule, mistake in WRONG_RULES:
        taken = batch.choices(rule)
        if set(pairs) == set(taken) and all(n in taken[a, p] for a, p, n in triplets):
            return mistake
    return None


def symmetric(size: int, entries: dict[tuple[int, int], float], others: float) -> torch.Tensor:
    """A symmetric matrix of squared distances: these entries, 0 on the diagonal, else `others`."""
    matrix = torch.full((size, size), others)
    for (i, j), value in entries.items():
        matrix[i, j] = matrix[j, i] = value
    return matrix.fill_diagonal_(0)


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
    points=30,
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
    def test_five_images(self, submission):
        expect_semi_hard(submission.call(*FIVE_IMAGES.arguments), FIVE_IMAGES)

    @graded(3, "both ends of the band are excluded: loss 0 and loss = margin")
    def test_ends_of_the_band(self, submission):
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
    def test_squared_distances(self, submission):
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
    def test_every_negative_is_drawn(self, submission):
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
    def test_generator(self, submission):
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
    def test_global_randomness_untouched(self, submission):
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
    def test_nothing_semi_hard(self, submission):
        labels = torch.tensor([0, 0, 1, 1])
        for negative in (0.5, 3.0):
            batch = Batch(symmetric(4, {(0, 1): 1.0, (2, 3): 1.0}, others=negative), labels)
            expect_semi_hard(submission.call(*batch.arguments), batch)

    @graded(2, "distances may carry a gradient, and are left as they are", after="test_five_images")
    def test_inputs_untouched(self, submission):
        _, after = submission.call(*FIVE_IMAGES.arguments, return_args=True)
        for index, name in enumerate(("distances", "labels")):
            old, new = FIVE_IMAGES.arguments[index], after[index]
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
    def test_no_loop(self, submission):
        labels = PLENTY.labels.repeat(4)
        many = Batch(PLENTY.distances.repeat(4, 4), labels)
        expect_vectorised(submission, PLENTY.arguments, many.arguments)
