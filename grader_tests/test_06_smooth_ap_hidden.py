"""Hidden tests of assignment 06, Smooth-AP: inputs drawn with the instructor's secret."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing.declarations import graded, hidden_tests
from autograder.testing.expectations import expect_close, expect_gradient
from course_lib.losses import average_precision, dense_smooth_ap_loss, smooth_ap_loss


def drawn_batch(draw: torch.Generator, size: int = 14) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings of any length, and labels in no order: some products have one image."""
    rows = torch.randn(size, 6, generator=draw, dtype=torch.float64)
    lengths = 0.2 + 5 * torch.rand(size, 1, generator=draw, dtype=torch.float64)
    labels = torch.randint(0, size // 3, (size,), generator=draw)
    return rows * lengths, 100 - 7 * labels


def gradient_of(loss: Any, rows: torch.Tensor, *rest: Any, **settings: Any) -> torch.Tensor:
    """The reference's gradient with respect to the embeddings."""
    leaf = rows.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss(leaf, *rest, **settings), leaf)
    return gradient


@hidden_tests("average_precision")
class TestAveragePrecisionHidden:
    """Drawn rankings, compared with the reference."""

    @graded(4, "drawn similarities, with ties, within 1e-5")
    def test_drawn(self, submission, draw):
        steps = torch.randint(0, 12, (9, 25), generator=draw)
        relevant = torch.rand(9, 25, generator=draw) < 0.3
        relevant[:, 0] = True  # each query has something to find
        for dtype in (torch.float64, torch.float32):
            scores = steps.to(dtype) / 4 - 1
            expect_close(
                submission.call(scores, relevant),
                average_precision(scores, relevant),
                what="the average precision",
                given="nine drawn queries among 25 items, many equally similar",
            )

    @graded(2, "all, and all but one, of the items relevant")
    def test_extremes(self, submission, draw):
        scores = torch.randn(2, 8, generator=draw, dtype=torch.float64)
        relevant = torch.ones(2, 8, dtype=torch.bool)
        relevant[1, int(torch.randint(8, (), generator=draw))] = False
        expect_close(
            submission.call(scores, relevant),
            average_precision(scores, relevant),
            what="the average precision",
            given="eight items, all relevant, and all but one",
        )


@hidden_tests("dense_smooth_ap_loss")
class TestDenseSmoothAPLossHidden:
    """Drawn batches, compared with the reference."""

    @graded(5, "drawn batches and temperatures, float64 within 1e-10 and float32 within 1e-5")
    def test_drawn(self, submission, draw):
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
    def test_drawn_gradient(self, submission, draw):
        rows, labels = drawn_batch(draw)
        _, (gradient,) = submission.vjp(rows, labels, 0.1, wrt=(0,))
        expected = gradient_of(dense_smooth_ap_loss, rows, labels, 0.1)
        expect_gradient(gradient, expected, of="embeddings", atol=1e-9, given="a drawn batch")


@hidden_tests("smooth_ap_loss")
class TestSmoothAPLossHidden:
    """Drawn batches with all settings, compared with the reference."""

    @graded(3, "drawn batches, with and without the query, in chunks and whole")
    def test_drawn(self, submission, draw):
        rows, labels = drawn_batch(draw)
        for count_query in (True, False):
            for chunk_size in (None, 5):
                settings = {"count_query": count_query, "chunk_size": chunk_size}
                for dtype, atol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
                    expect_close(
                        submission.call(rows.to(dtype), labels, 0.1, **settings),
                        smooth_ap_loss(rows.to(dtype), labels, 0.1, **settings),
                        atol=atol,
                        what="the loss",
                        given=f"a drawn batch, {settings}",
                    )

    @graded(3, "gradients of drawn batches, with and without the query, in chunks and whole")
    def test_drawn_gradient(self, submission, draw):
        rows, labels = drawn_batch(draw)
        for settings in ({}, {"count_query": False}, {"count_query": False, "chunk_size": 5}):
            _, (gradient,) = submission.vjp(rows, labels, 0.1, wrt=(0,), **settings)
            expected = gradient_of(smooth_ap_loss, rows, labels, 0.1, **settings)
            expect_gradient(
                gradient, expected, of="embeddings", atol=1e-9, given=f"a drawn batch, {settings}"
            )
