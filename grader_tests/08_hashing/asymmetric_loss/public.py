"""Public tests of asymmetric_loss."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    SubmissionError,
    exercise,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
    graded,
)
from grader_tests.shared.matrices import doubles
from grader_tests.shared.steps import expect_vectorised

BATCH = (
    torch.tensor([[0.5, -0.5, 1.0], [-1.0, 0.25, 0.5]], dtype=torch.float64),
    torch.tensor([[-1, -1, 1], [-1, 1, -1], [1, 1, -1], [1, -1, -1]], dtype=torch.float64),
    torch.tensor([[-0.5, 1.0, 1.0, -0.5], [1.0, -0.5, -0.25, -1.0]], dtype=torch.float64),
    torch.tensor([2, 0]),
)
BATCHES_GIVEN = "2 outputs, 4 codes of 3 bits, sample = [2, 0], gamma = 3"
SUM_OF_PAIRS = "The whole bracket, both sums of it, is divided by M N, the number of pairs."
BINARIZED = Misconception("binarizes the outputs", "A step has no gradient: u stays real.")
TWICE_TANH = Misconception(
    "takes tanh of the outputs once more",
    "The network ends with tanh: u is between -1 and 1 already. Taken again, tanh reaches 0.76 at "
    "most.",
)
ALL_CODES = Misconception(
    "compares all codes with the outputs",
    "The second sum is of the sample's rows only: codes[sample] has a row for each output, the "
    "code of its own image.",
)
WRONG_ASYMMETRIC_LOSSES = [
    (5.453125, Misconception(
        "forgets the factor C",
        "Inner products of codes reach from -C to C, similarities from -1 to 1: compare with "
        "C times S.")),
    (3.9427083, Misconception(
        "divides the inner products by C",
        "That is the same aim on another scale, 1/C² of the first sum, and gamma then weighs C² "
        "times as much: multiply S by C instead.")),
    (9.421875, Misconception(
        "takes the first codes in place of the sample's",
        "Output i is of image sample[i] of the database: its own code is codes[sample][i].")),
    (7.921875, Misconception(
        "compares the outputs with their own sides",
        "The second sum holds an output near the code that its image has in the database: "
        "codes[sample].")),
    (7.4296875, Misconception(
        "leaves out the second sum", "gamma weighs how far outputs are from their images' codes.")),
    (8.46875, Misconception("ignores gamma", "The second sum counts gamma times.")),
    (215.2421875, Misconception(
        "ignores the gamma that it is given", "The result is that for gamma = 200.")),
    (84.375, Misconception("does not divide by the number of pairs", SUM_OF_PAIRS)),
    (42.1875, Misconception("divides by the number of outputs only", SUM_OF_PAIRS)),
    (21.09375, Misconception("divides by the number of codes only", SUM_OF_PAIRS)),
    (3.515625, Misconception("divides by the bits, too", SUM_OF_PAIRS)),
    (32.3671875, Misconception("divides the first sum only", SUM_OF_PAIRS)),
    (11.5859375, Misconception("takes a mean of each of the two sums", SUM_OF_PAIRS)),
    (19.8984375, Misconception("takes a mean of each of the two sums", SUM_OF_PAIRS)),
    (4.5, Misconception(
        "sums absolute values", "Both sums are of squares: of each pair's difference, and of all "
        "numbers of v - u.")),
    (8.8906129, Misconception(
        "sums distances in place of their squares", "The second sum is of ‖v - u‖², which is the "
        "sum of the squares of all numbers of v - u.")),
    (16.78125, Misconception("squares gamma", "gamma stands before the square.")),
    (4.3125, Misconception(
        "rewards outputs that are far from their codes", "Both sums are costs: add them.")),
    (13.8515625, BINARIZED), (12.46875, BINARIZED), (11.9296875, BINARIZED),
    (9.6158652, TWICE_TANH), (9.9481916, TWICE_TANH), (10.2145486, TWICE_TANH),
    (5.2734375, Misconception("halves the loss", SUM_OF_PAIRS)),
    (9.703125, Misconception(
        "turns the sign of the similarities", "The inner product of similar images shall be +C.")),
]  # fmt: skip


def cut_off(part: str) -> Misconception:
    """A gradient that lacks one of the two sums."""
    return Misconception(
        f"cuts the {part} sum off from the graph",
        "Outputs stand in both sums, and both teach the network: no detach() on them.",
    )


@exercise(
    "asymmetric_loss",
    object="course_lib.hashing.asymmetric.asymmetric_loss",
    title="The asymmetric loss: outputs of queries against codes of the database",
    difficulty=2,
    minutes=15,
    hints=(
        "All inner products of outputs and codes are one matrix product. What shape does it have, "
        "and what stands beside it?",
        "codes[sample] has a row for each output: the code of its own image.",
        "Sum the squares of outputs @ codes.T - C * similarities, add gamma times the sum of the "
        "squares of codes[sample] - outputs, and divide by M N, the number of similarities.",
    ),
)
class TestAsymmetricLoss:
    """1/(M N) [ Σ (u·v - C S)² + γ Σ ‖v - u‖² ]."""

    @graded(3, "two outputs and four codes, worked out by hand")
    def test_worked_out(self, submission: Submission) -> None:
        try:
            value = submission.call(*BATCH, 3.0)
        except SubmissionError as error:
            # Rows of 4 codes and 2 outputs meet in nothing else.
            if error.not_started or "at non-singleton dimension 0" not in error.message:
                raise
            fail(
                f"the loss should be a number for {BATCHES_GIVEN}; it raised "
                f"{str(error).rstrip('.')}.",
                misconception=ALL_CODES,
            )
        loss = expect_tensor(
            value,
            shape=(),
            what="the loss",
            misconceptions={
                (2, 4): Misconception("returns one cost a pair", "The loss is one number."),
                (2,): Misconception("returns one cost an output", "The loss is one number."),
            },
        )
        expect_close(
            loss,
            torch.tensor(10.546875, dtype=torch.float64),
            what="the loss",
            given=BATCHES_GIVEN,
            help="The first sum should be 59.4375, the second 8.3125; the loss is the first plus "
            "gamma = 3 times the second, over M N = 8.",
            misconceptions=[
                (torch.tensor(value, dtype=torch.float64), mistake)
                for value, mistake in WRONG_ASYMMETRIC_LOSSES
            ],
        )

    @graded(1, "gamma is 200 unless given; with gamma = 0 the first sum stands alone",
            after="test_worked_out")  # fmt: skip
    def test_gamma(self, submission: Submission) -> None:
        for gamma, expected in (((), 215.2421875), ((0.0,), 7.4296875)):
            expect_close(
                submission.call(*BATCH, *gamma),
                torch.tensor(expected, dtype=torch.float64),
                what="the loss",
                given=f"gamma = {gamma[0]:g}" if gamma else "gamma left out",
            )

    @graded(1, "the gradient of the outputs, float64", after="test_worked_out")
    def test_gradient(self, submission: Submission) -> None:
        _, gradients = submission.vjp(*BATCH, 3.0, wrt=(0,))
        expect_gradient(
            gradients[0],
            doubles([-0.375, -4.375, 4.0], [0.0625, 1.5, -1.5625]),
            of="outputs",
            count=8,
            given=BATCHES_GIVEN,
            misconceptions=[
                (doubles([0.0, -3.25, 2.5], [0.0625, 0.5625, -1.1875]), cut_off("second")),
                (doubles([-0.375, -1.125, 1.5], [0.0, 0.9375, -0.375]), cut_off("first")),
            ],
        )

    @graded(1, "no Python loop over outputs or codes", after="test_worked_out")
    def test_no_loop(self, submission: Submission) -> None:
        outputs, codes, similarities, sample = BATCH
        more = (outputs.repeat(3, 1), codes, similarities.repeat(3, 1), sample.repeat(3))
        expect_vectorised(submission, BATCH, more)
