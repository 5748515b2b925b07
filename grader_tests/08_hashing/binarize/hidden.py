"""Hidden tests of binarize."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, expect, expect_close, graded, hidden_tests
from course_lib.hashing import binarize


@hidden_tests("binarize")
class TestBinarizeHidden:
    """Drawn outputs, and autograd."""

    @graded(1, "drawn outputs; no gradient flows back")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        outputs = torch.randn(9, 12, generator=draw, dtype=torch.float64)
        outputs[torch.rand(9, 12, generator=draw) < 0.2] = 0
        expect_close(
            submission.call(outputs),
            binarize(outputs),
            what="the matrix",
            given="drawn outputs, some 0",
        )
        value = submission.call(outputs.requires_grad_())
        expect_close(value, binarize(outputs), what="the matrix", given="outputs with a gradient")
        expect(
            not value.requires_grad,
            "the codes of outputs that require a gradient should be no part of the graph; they "
            "require one, too.",
            misconception=Misconception(
                "lets autograd through",
                "The derivative of a step is 0 wherever there is one, so a gradient here would be "
                "of no use, or an invented one. Use outputs.detach().",
            ),
        )
