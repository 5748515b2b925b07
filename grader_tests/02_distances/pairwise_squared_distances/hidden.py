"""Hidden tests of pairwise_squared_distances."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
    graded,
    hidden_tests,
)
from course_lib.distances import l2_normalize, pairwise_squared_distances
from grader_tests.shared.arguments import expect_arguments_kept
from grader_tests.shared.distances import (
    DIAGONAL_ALWAYS_ZERO,
    IGNORES_Y,
    ONE_NORM_TWICE,
    TRANSPOSED,
)
from grader_tests.shared.hidden_distances import (
    HALF_OVERFLOW,
    by_differences,
    expect_double_precision,
    first_of,
    overflowed,
)

ROOT_ON_THE_WAY = Misconception(
    "takes a square root on the way, whose gradient at 0 is infinite",
    "Squaring a root gives the right value, but the gradient of the root at 0 is infinite, and "
    "infinity times 0 is nan. Two equal images in a batch are enough. Do without the root.",
)
ONE_SIDE_DETACHED = Misconception(
    "sends the gradient to one of the two rows only",
    "With y None, x_i is moved both as the row and as the column of D: do not detach the copy.",
)
TENSOR_OF_DIFFERENCES = Misconception(
    "makes a tensor of all differences, of shape (N, M, D)",
    "At 5000 embeddings of 512 numbers it takes 51 GB. ‖x‖² + ‖y‖² - 2⟨x, y⟩ needs only (N, M): "
    "the matrix product sums over the coordinates as it goes.",
)
LOST_AXIS = Misconception(
    "loses an axis when there is only one row",
    "squeeze() removes every axis of length 1, also the one that is a set of one image.",
)
DIGITS_LOST = (
    "Cutting values off, rounding them, or adding an eps changes distances that were right."
)


@hidden_tests("pairwise_squared_distances")
class TestPairwiseSquaredDistancesHidden:
    """D[i, j] = ‖x_i − y_j‖²."""

    @graded(
        2,
        "random sets in float64 (within 1e-10) and unit rows in float32 (1e-5)",
        after="test_small_example",
    )
    def test_random_sets(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(40, 24, generator=draw, dtype=torch.float64)
        y = torch.randn(30, 24, generator=draw, dtype=torch.float64)
        many = torch.randn(280, 24, generator=draw, dtype=torch.float64)
        for left, right in ((x, y), (many, None)):
            exact = by_differences(left, left if right is None else right)
            given = "random rows in float64"
            value = submission.call(left) if right is None else submission.call(left, right)
            expect_double_precision(value, exact, given)
            expect_close(value, exact, atol=1e-10, what="D", given=given, help=DIGITS_LOST)
        x, y = l2_normalize(x), l2_normalize(y)
        value, exact = submission.call(x.float(), y.float()), by_differences(x, y).float()
        expect_close(value, exact, atol=1e-5, what="D", given="random unit rows in float32")

    @graded(2, "two different sets of equal size, as wide as long", after="test_small_example")
    def test_equally_many_rows(self, submission: Submission, draw: torch.Generator) -> None:
        # Small integers, so every way of computing them is exact. N = M = D hides no axis.
        x = torch.randint(-4, 5, (5, 5), generator=draw).double()
        y = torch.randint(-4, 5, (5, 5), generator=draw).double()
        x[:, 0], y[:, 1] = torch.arange(5) + 5, -torch.arange(5) - 6  # no two rows alike
        expected = pairwise_squared_distances(x, y)
        squares, products = (x.square().sum(dim=1), y.square().sum(dim=1)), 2 * x @ y.T
        norm_slips = [
            (torch.zeros(5, 5).double() + first + second - products)
            for first in (squares[0][:, None], squares[0], squares[1][:, None], squares[1])
            for second in (squares[1], squares[1][:, None], squares[0])
        ]  # one of them is right, and matches no failure
        expect_close(
            submission.call(x, y),
            expected,
            atol=1e-10,
            what="D",
            given=f"x = {x.int().tolist()} and y = {y.int().tolist()}",
            misconceptions=[
                (expected - expected.diag().diag(), DIAGONAL_ALWAYS_ZERO),
                (expected.T, TRANSPOSED),
                (pairwise_squared_distances(x), IGNORES_Y),
                *((slip, ONE_NORM_TWICE) for slip in norm_slips),
                *((slip.clamp_min(0), ONE_NORM_TWICE) for slip in norm_slips),
            ],
        )

    @graded(
        1, "sets of a single row, and embeddings of a single number", after="test_small_example"
    )
    def test_single_row_and_column(self, submission: Submission, draw: torch.Generator) -> None:
        for rows, others, columns in ((1, 4, 3), (4, 1, 3), (1, 1, 1), (3, 2, 1)):
            x = torch.randint(-4, 5, (rows, columns), generator=draw).float()
            y = torch.randint(-4, 5, (others, columns), generator=draw).float()
            value = expect_tensor(submission.call(x, y), what="D")
            if tuple(value.shape) != (rows, others) and value.numel() == rows * others:
                fail(
                    f"D should have shape {(rows, others)}; it has shape {tuple(value.shape)}.",
                    misconception=LOST_AXIS,
                )
            given = f"x = {x.int().tolist()} and y = {y.int().tolist()}"
            expect_close(value, by_differences(x, y), atol=1e-4, what="D", given=given)
        alone = torch.randint(1, 5, (1, 3), generator=draw).float()
        expect_close(submission.call(alone), torch.zeros(1, 1), what="D", given="x of one row")

    @graded(2, "the gradient reaches x and y: ±2 (x_i - y_j)", after="test_small_example")
    def test_gradient(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(4, 3, generator=draw, dtype=torch.float64)
        y = torch.randn(5, 3, generator=draw, dtype=torch.float64)
        cotangent = torch.randn(4, 5, generator=draw, dtype=torch.float64)
        value, gradients = submission.vjp(x, y, wrt=[0, 1], cotangent=cotangent)
        expect_close(value, by_differences(x, y), atol=1e-5, what="D")
        by_pair = 2 * cotangent[:, :, None] * (x[:, None] - y)
        expect_gradient(first_of(gradients), by_pair.sum(dim=1), of="x", atol=1e-5)
        expect_gradient(first_of(gradients[1:]), -by_pair.sum(dim=0), of="y", atol=1e-5)

        cotangent = torch.randn(4, 4, generator=draw, dtype=torch.float64)
        _, gradients = submission.vjp(x, wrt=[0], cotangent=cotangent)
        by_pair = 2 * cotangent[:, :, None] * (x[:, None] - x)
        as_row, as_column = by_pair.sum(dim=1), -by_pair.sum(dim=0)
        expect_gradient(
            first_of(gradients),
            as_row + as_column,
            of="x",
            atol=1e-5,
            given="y None",
            misconceptions=[(as_row, ONE_SIDE_DETACHED), (as_column, ONE_SIDE_DETACHED)],
        )

    @graded(1, "the gradient stays finite when two rows are equal", after="test_small_example")
    def test_gradient_of_equal_rows(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randint(-4, 5, (4, 3), generator=draw).double()
        x[2] = x[0]
        for arguments in ((x,), (x, x.flip(0))):
            _, gradients = submission.vjp(*arguments, wrt=[0])
            gradient = first_of(gradients)
            if type(gradient) is torch.Tensor and not bool(gradient.isfinite().all()):
                fail(
                    "the gradient contains nan or inf where two rows are equal.",
                    misconception=ROOT_ON_THE_WAY,
                )
            by_pair = 2 * (x[:, None] - x)
            terms = 2 if len(arguments) == 1 else 1
            expect_gradient(gradient, terms * by_pair.sum(dim=1), of="x", given="two equal rows")

    @graded(2, "memory for N x M numbers, not for N x M x D", after="test_small_example")
    def test_memory(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(64, 96, generator=draw)
        y = torch.randn(72, 96, generator=draw)
        trace = submission.trace(x, y)
        expect_close(trace.value, pairwise_squared_distances(x, y), atol=1e-3, what="D")
        matrix = 64 * 72 * 8  # in float64, if someone prefers to compute in it
        if trace.largest_storage > 4 * matrix:
            fail(
                f"for 64 and 72 rows of 96 numbers one tensor of {trace.largest_storage} bytes was "
                f"made; D itself takes {matrix // 2}.",
                misconception=TENSOR_OF_DIFFERENCES,
            )

    @graded(1, "float16 rows: computed in float32, returned in float16", after="test_small_example")
    def test_half_precision(self, submission: Submission, draw: torch.Generator) -> None:
        # Squares of 200 fit into float16, their sum does not.
        first = torch.randint(195, 206, (4, 1), generator=draw)
        x = torch.cat([first, torch.arange(4)[:, None]], dim=1)
        expected = by_differences(x, x.flip(0)).half()
        value = expect_tensor(submission.call(x.half(), x.half().flip(0)), shape=(4, 4), what="D")
        if overflowed(value):
            fail("rows of length 200 in float16: D overflows.", misconception=HALF_OVERFLOW)
        expect_close(value, expected, atol=0, what="D", given="rows of length 200 in float16")

    @graded(1, "the arguments are left as they are", after="test_small_example")
    def test_arguments_are_kept(self, submission: Submission, draw: torch.Generator) -> None:
        x = torch.randn(5, 3, generator=draw)
        expect_arguments_kept(submission, x, torch.randn(4, 3, generator=draw))
        expect_arguments_kept(submission, x)
