"""Public tests of pairwise_squared_distances."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_tensor,
    fail,
    graded,
)
from grader_tests.shared.distances import (
    DIAGONAL_ALWAYS_ZERO,
    IGNORES_Y,
    ONE_NORM_TWICE,
    ROOT,
    TRANSPOSED,
    as_ints,
    tables,
)
from grader_tests.shared.steps import LOOP_OVER_ROWS, expect_vectorised

INNER_PRODUCTS = Misconception(
    "returns inner products, not squared distances",
    "⟨x, y⟩ grows as rows become alike; a squared distance shrinks to 0. It is one of three terms.",
)
WITHOUT_TWO = Misconception(
    "forgets the factor 2 of the mixed term",
    "‖x - y‖² = ‖x‖² - 2⟨x, y⟩ + ‖y‖². A quick test: an image's distance from itself must be 0.",
)
PLUS_SIGN = Misconception(
    "adds the mixed term instead of subtracting it",
    "That is ‖x + y‖². For a difference the mixed term is -2⟨x, y⟩.",
)
NORM_MISSING = Misconception(
    "leaves out the squared norm of x",
    "‖y‖² - 2⟨x, y⟩ orders the neighbours of one query, but it is not a distance, and it cannot be "
    "compared between queries.",
)
MEAN_OF_SQUARES = Misconception(
    "averages the squared differences instead of summing them",
    "A squared distance is a sum over the D coordinates: .sum(), not .mean().",
)
CITY_BLOCK = Misconception(
    "adds absolute differences (city-block distance), not their squares",
    "Square each difference before you sum.",
)
NORMALISES_FIRST = Misconception(
    "normalises the rows before comparing them",
    "The rows come as they are; whoever wants unit rows calls l2_normalize first.",
)
PAIRED_ROWS = Misconception(
    "compares row i with row i only",
    "Every row of x meets every row of y: N · M numbers. Insert an axis, or use a matrix product.",
)
COLUMNS_COMPARED = Misconception(
    "compares the columns (coordinates), not the rows (images)",
    "One row is one image: rows @ columnsᵀ, that is x @ y.T, has shape (N, M).",
)
WRONG_AXIS = Misconception(
    "sums over the wrong axis",
    "Of the differences x[i, c] - y[j, c] the sum runs over the coordinate c and keeps i and j.",
)
NOT_SUMMED = Misconception(
    "forgets to sum over the coordinates",
    "The squared differences of shape (N, M, D) are summed over their last axis.",
)
IGNORES_X = Misconception(
    "compares y with itself",
    "Rows of D belong to x, columns to y.",
)
ALL_TOGETHER = Misconception(
    "compares all rows of x and y with each other",
    "Only the block of x against y is asked for.",
)
NEGATIVE = Misconception(
    "leaves negative squared distances",
    "‖x‖² + ‖y‖² - 2⟨x, y⟩ subtracts nearly equal numbers, so rounding can leave -1e-7 where the "
    "distance is 0; the root of that is nan. Cut off at 0 with clamp_min(0).",
)
ROUNDED_DIAGONAL = Misconception(
    "leaves rounding errors on the diagonal",
    "With y None entry (i, i) is an image's distance from itself. If it is 1e-7 instead of 0, an "
    "image may not be its own nearest neighbour. Set the diagonal to 0 (not in place on a tensor "
    "that autograd needs).",
)


@exercise(
    "pairwise_squared_distances",
    object="course_lib.distances.pairwise_squared_distances",
    title="All squared distances at once",
    difficulty=3,
    minutes=25,
    hints=(
        "Expand ‖x_i - y_j‖² into three terms. Which of them need both rows, which only one?",
        "x @ y.T has all inner products. The squared norms of x belong to the rows of D: shape "
        "(N, 1). Those of y belong to its columns: shape (1, M).",
        "Add the two norms by broadcasting, subtract twice the products, and clamp_min(0). When y "
        "is None, use x for it and put an exact 0 on the diagonal, where rounding leaves 1e-7.",
    ),
)
class TestPairwiseSquaredDistances:
    """D[i, j] = ‖x_i - y_j‖²."""

    @graded(6, "the squared distances of a small example")
    def test_small_example(self, submission: Submission) -> None:
        x = torch.tensor([[1.0, 2.0], [4.0, 6.0], [1.0, 3.0]])
        given = "x = [[1, 2], [4, 6], [1, 3]]"
        expected = torch.tensor([[0.0, 25.0, 1.0], [25.0, 0.0, 18.0], [1.0, 18.0, 0.0]])
        value = expect_tensor(
            submission.call(x),
            shape=(3, 3),
            what="D",
            misconceptions={
                (3,): PAIRED_ROWS,
                (2, 2): COLUMNS_COMPARED,
                (3, 2): WRONG_AXIS,
                (2, 3): WRONG_AXIS,
                (3, 3, 2): NOT_SUMMED,
            },
        )
        one_norm_twice = [[0.0, 72.0, 6.0], [-22.0, 0.0, -24.0], [-4.0, 60.0, 0.0]]
        norm_missing = [[-5.0, 20.0, -4.0], [-27.0, -52.0, -34.0], [-9.0, 8.0, -10.0]]
        expect_close(
            value,
            expected,
            what="D",
            given=given,
            help="Check an entry by hand: rows 0 and 2 are [1, 2] and [1, 3], so D[0, 2] = 0 + 1.",
            misconceptions=[
                (expected.sqrt(), ROOT),
                *tables(
                    ([[5.0, 16.0, 7.0], [16.0, 52.0, 22.0], [7.0, 22.0, 10.0]], INNER_PRODUCTS),
                    ([[5.0, 41.0, 8.0], [41.0, 52.0, 40.0], [8.0, 40.0, 10.0]], WITHOUT_TWO),
                    ([[0.0, 41.0, 8.0], [41.0, 0.0, 40.0], [8.0, 40.0, 0.0]], WITHOUT_TWO),
                    ([[20.0, 89.0, 29.0], [89.0, 208.0, 106.0], [29.0, 106.0, 40.0]], PLUS_SIGN),
                    ([[0.0, 89.0, 29.0], [89.0, 0.0, 106.0], [29.0, 106.0, 0.0]], PLUS_SIGN),
                    ([[0.0, 12.5, 0.5], [12.5, 0.0, 9.0], [0.5, 9.0, 0.0]], MEAN_OF_SQUARES),
                    ([[0.0, 7.0, 1.0], [7.0, 0.0, 6.0], [1.0, 6.0, 0.0]], CITY_BLOCK),
                    (
                        [
                            [0.0, 0.015444, 0.020101],
                            [0.015444, 0.0, 0.070472],
                            [0.020101, 0.070472, 0.0],
                        ],
                        NORMALISES_FIRST,
                    ),
                ),
                *_with_and_without_clamp(one_norm_twice, ONE_NORM_TWICE),
                *_with_and_without_clamp(_transpose(one_norm_twice), ONE_NORM_TWICE),
                *_with_and_without_clamp(norm_missing, NORM_MISSING),
                *_with_and_without_clamp(_transpose(norm_missing), NORM_MISSING),
            ],
        )

    @graded(4, "two sets of different sizes: rows of D belong to x", after="test_small_example")
    def test_two_sets(self, submission: Submission) -> None:
        x = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])
        y = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 2.0], [0.0, 3.0, 1.0], [2.0, -1.0, 0.0]])
        value = expect_tensor(
            submission.call(x, y),
            shape=(2, 4),
            what="D",
            misconceptions={
                (4, 2): TRANSPOSED,
                (2, 2): IGNORES_Y,
                (4, 4): IGNORES_X,
                (6, 6): ALL_TOGETHER,
            },
        )
        expected = torch.tensor([[5.0, 1.0, 11.0, 6.0], [10.0, 6.0, 0.0, 21.0]])
        expect_close(
            value,
            expected,
            what="D",
            given=f"x = {as_ints(x)} and y = {as_ints(y)}",
            help="D[1, 2] compares equal rows, [0, 3, 1] twice: it must be 0.",
            misconceptions=[
                (expected.sqrt(), ROOT),
                *tables(([[0.0, 1.0, 11.0, 6.0], [10.0, 0.0, 0.0, 21.0]], DIAGONAL_ALWAYS_ZERO)),
            ],
        )

    @graded(3, "no squared distance is negative", after="test_small_example")
    def test_never_negative(self, submission: Submission, draw: torch.Generator) -> None:
        # 64 float32 unit rows of 128 numbers: about 24 of the 64 zeros come out below 0 unless
        # they are clamped, down to -7e-7.
        x = _unit_rows(draw)
        value = expect_tensor(submission.call(x, x.clone()), shape=(64, 64), what="D")
        _expect_distances_of_unit_rows(value)
        smallest = float(value.min())
        if smallest < 0:
            fail(
                "64 unit rows against a copy of them: no squared distance may be negative; "
                f"{int((value < 0).sum())} are, down to {smallest:.3g}.",
                misconception=NEGATIVE,
            )

    @graded(3, "without y: exact zeros on the diagonal, and symmetric", after="test_small_example")
    def test_own_distance_is_zero(self, submission: Submission, draw: torch.Generator) -> None:
        x = _unit_rows(draw)
        value = expect_tensor(submission.call(x), shape=(64, 64), what="D")
        _expect_distances_of_unit_rows(value)
        off_zero = value.diagonal() != 0
        if bool(off_zero.any()):
            row = int(off_zero.to(torch.uint8).argmax())
            fail(
                f"with y None every D[i, i] must be exactly 0; {int(off_zero.sum())} of 64 are "
                f"not: D[{row}, {row}] is {float(value[row, row]):.3g}.",
                misconception=ROUNDED_DIAGONAL,
            )
        expect_close(value, value.T, atol=1e-6, what="D", help="D[i, j] must equal D[j, i].")

    @graded(2, "no Python loop over rows", after="test_small_example")
    def test_no_loop_over_rows(self, submission: Submission, draw: torch.Generator) -> None:
        # torch.cdist changes its method at 25 rows: both sizes are above.
        x = torch.randn(64, 5, generator=draw)
        expect_vectorised(
            submission,
            (x[:32], x[:32] + 1),
            (x, x + 1),
            of="the number of rows",
            items="rows",
            misconception=LOOP_OVER_ROWS,
        )


def _unit_rows(draw: torch.Generator) -> torch.Tensor:
    """Return 64 random float32 rows of length 1, 128 numbers each."""
    x = torch.randn(64, 128, generator=draw, dtype=torch.float64)
    return (x / x.square().sum(1, True).sqrt()).float()


def _expect_distances_of_unit_rows(value: torch.Tensor) -> None:
    """Fail a constant, or a matrix of zeros: random unit rows of 128 numbers are nearly orthogonal.

    P(|cos| > 0.6) < 0.64^63.5 * 0.12 for one pair, so below 2e-10 for all 2016.
    """
    off_diagonal = value[~torch.eye(64, dtype=torch.bool)]
    nearly_orthogonal = bool(((off_diagonal > 0.8) & (off_diagonal < 3.2)).all())
    expect(
        nearly_orthogonal and bool((value.diagonal().abs() < 1e-5).all()),
        "64 random unit rows against themselves: 0 is asked for on the diagonal and about 2 "
        f"elsewhere; diagonal and rest lie in {_span(value.diagonal())} and {_span(off_diagonal)}.",
    )


def _span(values: torch.Tensor) -> str:
    """Return where the values lie, from the smallest to the largest."""
    return f"[{float(values.min()):.3g}, {float(values.max()):.3g}]"


def _with_and_without_clamp(
    numbers: list[list[float]], misconception: Misconception
) -> list[tuple[torch.Tensor, Misconception]]:
    """Return a known wrong matrix as it is, and with its negative numbers raised to 0."""
    table = torch.tensor(numbers)
    return [(table, misconception), (table.clamp_min(0), misconception)]


def _transpose(numbers: list[list[float]]) -> list[list[float]]:
    """Return columns as rows."""
    return [list(column) for column in zip(*numbers, strict=True)]
