"""Hidden tests of smooth_ap_loss."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import Submission, expect_close, expect_gradient, graded, hidden_tests
from course_lib.losses import smooth_ap_loss
from grader_tests.shared.hidden_smooth_ap import drawn_batch, gradient_of


@hidden_tests("smooth_ap_loss")
class TestSmoothAPLossHidden:
    """Drawn batches with all settings, compared with the reference."""

    @graded(3, "drawn batches, with and without the query, in chunks and whole")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        rows, labels = drawn_batch(draw)
        for count_query in (True, False):
            for chunk_size in (None, 5):
                settings: dict[str, Any] = {"count_query": count_query, "chunk_size": chunk_size}
                for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
                    expect_close(
                        submission.call(rows.to(dtype), labels, 0.1, **settings),
                        smooth_ap_loss(rows.to(dtype), labels, 0.1, **settings),
                        atol=atol,
                        what="the loss",
                        given=f"a drawn batch, {settings}",
                    )

    @graded(3, "gradients of drawn batches, with and without the query, in chunks and whole")
    def test_drawn_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        rows, labels = drawn_batch(draw)
        for settings in ({}, {"count_query": False}, {"count_query": False, "chunk_size": 5}):
            _, (gradient,) = submission.vjp(rows, labels, 0.1, wrt=(0,), **settings)
            expected = gradient_of(smooth_ap_loss, rows, labels, 0.1, **settings)
            expect_gradient(
                gradient, expected, of="embeddings", atol=1e-9, given=f"a drawn batch, {settings}"
            )
