"""Public tests of binarize."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_tensor,
    graded,
)
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.matrices import matrix

OUTPUTS = torch.tensor([[0.75, -1.25, 0.0, 0.125], [-0.0, 3.0, -0.5, 2.5]])
CODES = torch.tensor([[1.0, -1, 1, 1], [1, 1, -1, 1]])


WRONG_CODES = [
    (matrix([1, -1, 0, 1], [0, 1, -1, 1]), Misconception(
        "leaves a bit 0 where an output is 0, as torch.sign does",
        "A bit that is 0 is half a bit away from +1 and from -1, and no byte can hold it. Compare "
        "with 0 instead: outputs >= 0.")),
    (matrix([1, -1, -1, 1], [-1, 1, -1, 1]), Misconception(
        "gives -1 to an output of 0", "An output of 0 becomes +1: use >=, not >.")),
    (matrix([1, -1, 1, 1], [-1, 1, -1, 1]), Misconception(
        "takes -0.0 for less than 0",
        "The sign bit of -0.0 is set, but -0.0 >= 0 is true: compare, do not read the sign bit.")),
    (matrix([1, 0, 1, 1], [1, 1, 0, 1]), Misconception(
        "gives 0 and 1",
        "A code is -1 or +1: so that the inner product of two codes counts the bits that agree "
        "minus those that differ.")),
    (matrix([-1, 1, -1, -1], [-1, -1, 1, -1]), Misconception(
        "has the two sides the wrong way round", "+1 stands for outputs of at least 0.")),
    (matrix([1, -1, -1, -1], [-1, 1, -1, 1]), Misconception(
        "cuts at 0.5",
        "Outputs are real numbers on both sides of 0, no probabilities: the nearest code changes "
        "at 0.")),
    (matrix([1, -1, 1, -1], [-1, 1, -1, 1]), Misconception(
        "cuts each column where it is on average", "The nearest code changes at 0.")),
    (OUTPUTS.tanh(), Misconception(
        "relaxes the step", "tanh is near a code, and none. Here the step itself is asked for.")),
]  # fmt: skip


@exercise(
    "binarize",
    object="course_lib.hashing.codes.binarize",
    title="The nearest code",
    difficulty=1,
    minutes=5,
    hints=(
        "Each number has two candidates, -1 and +1. Which is nearer, and what if both are equally "
        "near?",
        "torch.where(outputs >= 0, ..., ...) chooses. Where does its result take the dtype from?",
        "Make `ones = torch.ones_like(outputs)` and choose between ones and -ones. The comparison "
        "has no gradient; a tensor made by ones_like has none either.",
    ),
)
class TestBinarize:
    """+1 where an output is at least 0, else -1."""

    @graded(2, "+1 where an output is at least 0, -1 elsewhere; 0 has a side, too")
    def test_sides(self, submission: Submission) -> None:
        expect_tensor(
            submission.call(OUTPUTS),
            shape=(2, 4),
            what="the matrix",
            misconceptions={(2,): Misconception(
                "gives one number a row", "Every output becomes a bit: (N, C) as before.")},
        )  # fmt: skip
        expect_close(
            submission.call(OUTPUTS),
            CODES,
            what="the matrix",
            given=f"outputs {OUTPUTS.tolist()}",
            misconceptions=WRONG_CODES,
            same_dtype=False,
        )

    @graded(1, "the codes have the dtype of the outputs, which stay as they are",
            after="test_sides")  # fmt: skip
    def test_dtype(self, submission: Submission) -> None:
        for dtype in (torch.float32, torch.float64, torch.float16):
            outputs = OUTPUTS.to(dtype)
            value, (after,) = submission.call(outputs, return_args=True)
            expect_tensor(value, what="the matrix")
            expect(
                value.dtype is dtype,
                f"outputs of {dtype} should give codes of {dtype}; they give {value.dtype}.",
                misconception=Misconception(
                    "loses the dtype of the outputs",
                    "torch.where(..., 1.0, -1.0) makes float32 of everything, and a comparison "
                    "makes bools: begin with torch.ones_like(outputs).",
                ),
            )
            expect_close(value, CODES.to(dtype), what="the matrix", given=f"outputs of {dtype}")
            expect_kept(after, outputs, "the tensor of outputs")
