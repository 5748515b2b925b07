"""Public tests of l2_normalize."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect_close,
    expect_tensor,
    fail,
    graded,
)
from grader_tests.shared.arguments import expect_arguments_kept
from grader_tests.shared.distances import tables
from grader_tests.shared.steps import LOOP_OVER_ROWS, expect_vectorised

UNIT_COLUMNS = Misconception(
    "normalises the columns, not the rows",
    "A row is one image's embedding; a column is one coordinate over the whole batch. Sum over the "
    "columns: dim=1. Otherwise an image's embedding would depend on its neighbours in the batch.",
)
UNIT_MATRIX = Misconception(
    "divides by one length for the whole batch",
    "Every row has a length of its own. A norm without dim= takes all the numbers together.",
)
UNIT_BROADCAST = Misconception(
    "divides column j by the length of row j",
    "Lengths of shape (N,) are laid along the last axis, so they meet the columns. With "
    "keepdim=True they have shape (N, 1) and meet the rows. Only a square batch hides the error.",
)
UNIT_SQUARED = Misconception(
    "divides by the squared length",
    "Divide by the root of the sum of squares; without the root, long rows become too short.",
)
UNIT_SUM = Misconception(
    "makes the absolute values of a row sum to 1 (the L1 norm)",
    "Length here is Euclidean, L2: the root of the sum of squares.",
)
UNIT_MAXIMUM = Misconception(
    "divides by the largest entry of the row (the maximum norm)",
    "Length here is Euclidean, L2: the root of the sum of squares.",
)
UNIT_MEAN_SQUARE = Misconception(
    "divides by the root of the mean square, not of the sum of squares",
    "Then a row has length √D, not 1: sum the squares, do not average them.",
)
ONLY_LENGTHS = Misconception(
    "returns the lengths themselves",
    "The lengths are what to divide by; return the rows, divided.",
)
ZERO_BY_ZERO = Misconception(
    "divides a zero row by its length 0, which gives nan",
    "One nan spreads into every distance and into the loss. Divide by max(length, eps) instead.",
)


@exercise(
    "l2_normalize",
    object="course_lib.distances.l2_normalize",
    title="Rows of length one",
    difficulty=1,
    minutes=10,
    hints=(
        "One row is one image. Whose length are you asked for: a row's or a column's?",
        "`torch.linalg.vector_norm` has arguments `dim` and `keepdim`. Lengths of shape (N, 1) "
        "broadcast along the rows of x; lengths of shape (N,) do not.",
        "Take the lengths of the rows with keepdim=True and dtype=torch.float32 or wider, raise "
        "them to at least eps with clamp_min, divide x by them, and return to the dtype of x.",
    ),
)
class TestL2Normalize:
    """x / max(‖x‖₂, eps), row by row."""

    @graded(4, "each row is divided by its Euclidean length")
    def test_rows_get_length_one(self, submission: Submission) -> None:
        x = torch.tensor([[3.0, 4.0], [6.0, 8.0]])
        value = expect_tensor(
            submission.call(x),
            shape=(2, 2),
            misconceptions={(2,): ONLY_LENGTHS, (2, 1): ONLY_LENGTHS},
        )
        expect_close(
            value,
            torch.tensor([[0.6, 0.8], [0.6, 0.8]]),
            given="x = [[3, 4], [6, 8]], whose rows have length 5 and 10",
            help="Divide the first row by 5 and the second by 10.",
            misconceptions=tables(
                ([[0.447214, 0.447214], [0.894427, 0.894427]], UNIT_COLUMNS),
                ([[0.268328, 0.357771], [0.536656, 0.715542]], UNIT_MATRIX),
                ([[0.6, 0.4], [1.2, 0.8]], UNIT_BROADCAST),
                ([[0.12, 0.16], [0.06, 0.08]], UNIT_SQUARED),
                ([[0.428571, 0.571429], [0.428571, 0.571429]], UNIT_SUM),
                ([[0.75, 1.0], [0.75, 1.0]], UNIT_MAXIMUM),
                ([[0.848528, 1.131371], [0.848528, 1.131371]], UNIT_MEAN_SQUARE),
            ),
        )

    @graded(2, "a row of zeros stays zero, never nan", after="test_rows_get_length_one")
    def test_zero_row_stays_zero(self, submission: Submission) -> None:
        x = torch.tensor([[0.0, 0.0, 0.0], [0.0, -3.0, 4.0]])
        value = expect_tensor(submission.call(x), shape=(2, 3))
        given = "x = [[0, 0, 0], [0, -3, 4]]"
        if bool(value.isnan().any()):
            fail(f"the result contains nan for {given}.", misconception=ZERO_BY_ZERO)
        expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, -0.6, 0.8]])
        expect_close(value, expected, given=given, help="Signs stay; only the length changes.")

    @graded(1, "the argument is left as it is", after="test_rows_get_length_one")
    def test_argument_is_kept(self, submission: Submission) -> None:
        x = torch.tensor([[3.0, 4.0], [6.0, 8.0], [0.0, 2.0]])
        expect_arguments_kept(submission, x)

    @graded(2, "no Python loop over rows", after="test_rows_get_length_one")
    def test_no_loop_over_rows(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(64, 5, generator=draw)
        expect_vectorised(
            submission,
            (x[:8],),
            (x,),
            of="the number of rows",
            items="rows",
            misconception=LOOP_OVER_ROWS,
        )
