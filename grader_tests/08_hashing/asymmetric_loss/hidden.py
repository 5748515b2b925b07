"""Hidden tests of asymmetric_loss."""

from __future__ import annotations

import torch

from autograder.testing import (
    Submission,
    expect_close,
    expect_gradient,
    expect_tensor,
    graded,
    hidden_tests,
)
from course_lib.hashing import asymmetric_loss
from grader_tests.shared.arguments import expect_kept


@hidden_tests("asymmetric_loss")
class TestAsymmetricLossHidden:
    """Drawn batches, in both precisions."""

    @graded(2, "drawn batches, float32 and float64; the arguments stay as they are")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for dtype in (torch.float32, torch.float64):
            batch = drawn_batch(draw, dtype)
            value, after = submission.call(*batch, 5.0, return_args=True)
            expect_tensor(value, shape=(), dtype=dtype, what="the loss")
            expect_close(
                value, asymmetric_loss(*batch, 5.0), what="the loss", given="a drawn batch",
                atol=1e-4 if dtype == torch.float32 else 1e-9,
            )  # fmt: skip
            for name, now, then in zip(("outputs", "codes"), after, batch, strict=False):
                expect_kept(now, then, f"the tensor of {name}")

    @graded(1, "the gradient of a drawn batch, float64", after="test_drawn")
    def test_drawn_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        batch = drawn_batch(draw, torch.float64)
        outputs = batch[0].clone().requires_grad_()
        (expected,) = torch.autograd.grad(asymmetric_loss(outputs, *batch[1:], 5.0), outputs)
        _, gradients = submission.vjp(*batch, 5.0, wrt=(0,))
        expect_gradient(gradients[0], expected, of="outputs", count=77, given="a drawn batch")


def drawn_batch(
    draw: torch.Generator, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return 7 outputs of 5 bits, 11 codes, similarities of any size, and a sample in no order."""
    return (
        torch.rand(7, 5, generator=draw, dtype=dtype) * 2 - 1,
        torch.randint(2, (11, 5), generator=draw).to(dtype) * 2 - 1,
        torch.rand(7, 11, generator=draw, dtype=dtype) * 2 - 1,
        torch.randperm(11, generator=draw)[:7],
    )
