"""Hidden tests of contrastive_loss."""

import torch

from autograder.testing import Submission, expect_close, expect_gradient, graded, hidden_tests
from course_lib.losses import contrastive_loss
from grader_tests.shared.hidden_triplets import gradients_of


def random_pairs(
    draw: torch.Generator, dtype: torch.dtype = torch.float64
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return pairs at distances 0.05, 0.15, ..., 1.95: not within 0.04 of a margin of 0.7 or 1."""
    distances = 0.05 + 0.1 * torch.randperm(20, generator=draw, dtype=torch.float64)
    x, direction = torch.randn(2, 20, 16, generator=draw, dtype=torch.float64)
    apart = distances[:, None] * direction / direction.norm(dim=1, keepdim=True)
    similar = torch.randperm(20, generator=draw) % 3 == 0
    return x.to(dtype), (x + apart).to(dtype), similar


@hidden_tests("contrastive_loss")
class TestContrastiveLossHidden:
    """Drawn pairs, compared with the reference."""

    @graded(2, "drawn pairs and margins, float64 within 1e-10 and float32 within 1e-5")
    def test_drawn_pairs(self, submission: Submission, draw: torch.Generator) -> None:
        for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
            pairs = random_pairs(draw, dtype)
            for margin in (1.0, 0.7):
                expect_close(
                    submission.call(*pairs, margin),
                    contrastive_loss(*pairs, margin),
                    atol=atol,
                    what="the loss",
                    given=f"20 drawn pairs, margin {margin}",
                )
        for pair in zip(*(rows.split(1) for rows in random_pairs(draw)), strict=True):
            expect_close(
                submission.call(*pair),
                contrastive_loss(*pair),
                atol=1e-10,
                what="the loss",
                given="one drawn pair alone",
                help="One pair counts as one: its cost is divided by 2N = 2.",
            )

    @graded(2, "gradients of drawn pairs, float64 within 1e-10")
    def test_drawn_gradients(self, submission: Submission, draw: torch.Generator) -> None:
        x, y, similar = random_pairs(draw)
        _, gradients = submission.vjp(x, y, similar, 0.7, wrt=(0, 1))
        for name, gradient, wanted in zip(
            ("x", "y"), gradients, gradients_of(contrastive_loss, (x, y), similar, 0.7), strict=True
        ):
            expect_gradient(gradient, wanted, of=name, count=20, given="20 drawn pairs")
