"""Hidden tests of assignment 08, learning to hash: inputs drawn with the instructor's secret."""

from __future__ import annotations

import torch

from autograder.student.exercise import graded, hidden_tests
from autograder.student.expectations import Misconception, expect, expect_close
from course_lib.hashing import binarize

IN_PLACE = Misconception(
    "changes its argument in place",
    "The caller may still need it. Make a new tensor instead of writing into the one given.",
)


@hidden_tests("binarize")
class TestBinarizeHidden:
    """Drawn outputs, and autograd."""

    @graded(1, "no gradient flows back; the outputs stay as they are")
    def test_drawn(self, submission, draw):
        outputs = torch.randn(9, 12, generator=draw, dtype=torch.float64)
        outputs[torch.rand(9, 12, generator=draw) < 0.2] = 0
        value, (after,) = submission.call(outputs, return_args=True)
        expect_close(value, binarize(outputs), what="the matrix", given="drawn outputs, some 0")
        expect(
            isinstance(after, torch.Tensor) and torch.equal(after, outputs),
            "the outputs should be as they were after the call; they have changed.",
            misconception=IN_PLACE,
        )
        value, (gradient,) = submission.vjp(outputs, wrt=(0,))
        expect_close(value, binarize(outputs), what="the matrix", given="outputs with a gradient")
        expect(
            gradient is None,
            "the codes of outputs that require a gradient should not be part of the graph; "
            f"backward() gives a gradient of {_sizes(gradient)} at the outputs.",
            misconception=Misconception(
                "lets autograd through",
                "The derivative of a step is 0 wherever there is one, so a gradient here would be "
                "of no use, or an invented one. Use outputs.detach().",
            ),
        )


def _sizes(gradient: object) -> str:
    if not isinstance(gradient, torch.Tensor):
        return str(gradient)
    return "zeros" if not bool(gradient.any()) else f"up to {float(gradient.abs().max()):.3g}"
