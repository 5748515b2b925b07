"""Public tests of contrastive_loss."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_gradient,
    expect_tensor,
    graded,
)
from grader_tests.shared.losses import expect_zero_for_nothing
from grader_tests.shared.steps import expect_vectorised

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
    def test_five_pairs(self, submission: Submission) -> None:
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
    def test_margin(self, submission: Submission) -> None:
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
    def test_gradient(self, submission: Submission) -> None:
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
    def test_identical_pairs(self, submission: Submission) -> None:
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
    def test_no_pairs(self, submission: Submission) -> None:
        nothing, none = torch.zeros(0, 4), torch.zeros(0, dtype=torch.bool)
        expect_zero_for_nothing(submission, (nothing, nothing, none), wrt=(0, 1))

    @graded(2, "no Python loop over the pairs", after="test_five_pairs")
    def test_no_loop(self, submission: Submission) -> None:
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
