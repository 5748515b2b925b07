"""Hidden tests of update_codes."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect,
    expect_close,
    expect_tensor,
    graded,
    hidden_tests,
)
from course_lib.hashing import update_codes
from grader_tests.shared.update_codes import drawn_problem


@hidden_tests("update_codes")
class TestUpdateCodesHidden:
    """Drawn problems, compared with the reference."""

    @graded(2, "drawn problems of several sizes and gammas, and the default gamma")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for n_items, n_outputs, n_bits in ((1, 1, 1), (30, 30, 5), (60, 7, 12), (20, 12, 33)):
            codes, outputs, sample, similarities = drawn_problem(draw, n_items, n_outputs, n_bits)
            products = similarities.T @ outputs
            for gamma in ((), (0.0,), (float(torch.rand((), generator=draw)) * 10,)):
                expect_close(
                    submission.call(codes, outputs, sample, products, *gamma),
                    update_codes(codes, outputs, sample, products, *gamma),
                    what="the matrix of new codes",
                    given=f"a drawn problem: {n_items} images, {n_outputs} outputs, {n_bits} bits, "
                    f"gamma {gamma[0] if gamma else 'left out'}",
                    same_dtype=False,
                )

    @graded(1, "the codes keep their dtype, and no gradient flows")
    def test_dtype_and_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        codes, outputs, sample, similarities = drawn_problem(draw, 12, 5, 6)
        for dtype in (torch.float32, torch.float64):
            old, rows = codes.to(dtype), outputs.to(dtype).requires_grad_()
            products = similarities.to(dtype).T @ rows.detach()
            value = expect_tensor(
                submission.call(old, rows, sample, products.requires_grad_()),
                what="the matrix of new codes",
            )
            expect(
                value.dtype is dtype,
                f"codes of {dtype} should give codes of {dtype}; they give {value.dtype}.",
                misconception=Misconception(
                    "loses the dtype of the codes",
                    "Write the columns into a clone of the codes: it has their dtype.",
                ),
            )
            expect(
                not value.requires_grad,
                "the new codes should be no part of the graph; they require a gradient.",
                misconception=Misconception(
                    "lets autograd through",
                    "The network rests while codes are found, and the sign has no gradient. Use "
                    "outputs.detach() and products.detach().",
                ),
            )
            expect_close(
                value,
                update_codes(old, rows, sample, products),
                what="the matrix of new codes",
                given=f"a drawn problem of {dtype}",
            )
