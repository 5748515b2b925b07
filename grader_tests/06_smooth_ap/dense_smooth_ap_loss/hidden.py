"""Hidden tests of dense_smooth_ap_loss."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, expect_gradient, graded, hidden_tests
from course_lib.losses import dense_smooth_ap_loss
from grader_tests.shared.hidden_smooth_ap import drawn_batch, gradient_of


@hidden_tests("dense_smooth_ap_loss")
class TestDenseSmoothAPLossHidden:
    """Drawn batches, compared with the reference."""

    @graded(5, "drawn batches and temperatures, float64 within 1e-10 and float32 within 1e-5")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        rows, labels = drawn_batch(draw)
        for temperature in (0.05, 0.3):
            for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
                expect_close(
                    submission.call(rows.to(dtype), labels, temperature),
                    dense_smooth_ap_loss(rows.to(dtype), labels, temperature),
                    atol=atol,
                    what="the loss",
                    given=f"a drawn batch, temperature {temperature}",
                )

    @graded(4, "gradients of drawn batches, float64 within 1e-9")
    def test_drawn_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        rows, labels = drawn_batch(draw)
        _, (gradient,) = submission.vjp(rows, labels, 0.1, wrt=(0,))
        expected = gradient_of(dense_smooth_ap_loss, rows, labels, 0.1)
        expect_gradient(gradient, expected, of="embeddings", atol=1e-9, given="a drawn batch")
