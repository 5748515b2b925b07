"""Hidden tests of triplet_loss."""

import torch

from autograder.testing import Submission, expect_close, expect_gradient, graded, hidden_tests
from course_lib.losses import triplet_loss
from grader_tests.shared.hidden_triplets import gradients_of

REDUCTIONS = ("none", "sum", "mean")


def random_triplets(
    draw: torch.Generator, margin: float, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return drawn triplets whose loss is at least 1e-2 away from the hinge."""
    anchor, positive, negative = torch.randn(3, 60, 8, generator=draw, dtype=torch.float64)
    anchor = 0.3 * anchor  # short rows: the Gram form in float32 stays far inside the tolerance
    positive, negative = anchor + 0.4 * positive, anchor + 0.4 * negative
    loss = (anchor - positive).square().sum(1) - (anchor - negative).square().sum(1) + margin
    clear = loss.abs() > 1e-2
    return anchor[clear].to(dtype), positive[clear].to(dtype), negative[clear].to(dtype)


@hidden_tests("triplet_loss")
class TestTripletLossHidden:
    """Drawn triplets, compared with the reference."""

    @graded(2, "drawn triplets, every reduction, float64 within 1e-10 and float32 within 1e-4")
    def test_drawn_triplets(self, submission: Submission, draw: torch.Generator) -> None:
        for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-4)):
            triplets = random_triplets(draw, 0.3, dtype)
            for reduction in REDUCTIONS:
                expect_close(
                    submission.call(*triplets, 0.3, reduction),
                    triplet_loss(*triplets, 0.3, reduction),
                    atol=atol,
                    what="the loss",
                    given=f'drawn triplets, margin 0.3, reduction "{reduction}"',
                )

    @graded(2, "gradients of drawn triplets, float64 within 1e-10")
    def test_drawn_gradients(self, submission: Submission, draw: torch.Generator) -> None:
        triplets = random_triplets(draw, 0.3)
        count = len(triplets[0])
        for reduction in ("mean", "sum"):
            _, gradients = submission.vjp(*triplets, 0.3, reduction, wrt=(0, 1, 2))
            for name, gradient, wanted in zip(
                ("anchor", "positive", "negative"),
                gradients,
                gradients_of(triplet_loss, triplets, 0.3, reduction),
                strict=True,
            ):
                expect_gradient(
                    gradient,
                    wanted,
                    of=name,
                    count=count,
                    given=f'{count} drawn triplets, reduction "{reduction}"',
                )
