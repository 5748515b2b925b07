"""Public tests of assignment 02, distances.

Inputs are small integers, exact in binary, unless a test says otherwise. Results in float32 may be
off by 1e-5.
"""

import torch

from autograder.testing.declarations import exercise, graded
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_equal,
    expect_tensor,
    fail,
)

LOOP = Misconception(
    "loops in Python instead of computing all rows at once",
    "A Python loop pays the overhead of a call for every row. One call on the whole tensor does "
    "the same arithmetic: put the repetition into the shapes (broadcasting, @, dim=...).",
)
IN_PLACE = Misconception(
    "changes its argument in place",
    "Operations such as x /= ..., x.div_(...) or x[...] = ... write into the caller's tensor, "
    "which the caller, or autograd, may still need. Make a new tensor instead.",
)
ROOT = Misconception(
    "returns distances, not squared distances",
    "Squared distances are asked for: leave out the square root. It changes no order of "
    "neighbours, costs time, and its gradient is infinite at 0.",
)

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
    points=15,
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
    def test_rows_get_length_one(self, submission):
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
            misconceptions=_table(
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
    def test_zero_row_stays_zero(self, submission):
        x = torch.tensor([[0.0, 0.0, 0.0], [0.0, -3.0, 4.0]])
        value = expect_tensor(submission.call(x), shape=(2, 3))
        given = "x = [[0, 0, 0], [0, -3, 4]]"
        if bool(value.isnan().any()):
            fail(f"the result contains nan for {given}.", misconception=ZERO_BY_ZERO)
        expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, -0.6, 0.8]])
        expect_close(value, expected, given=given, help="Signs stay; only the length changes.")

    @graded(1, "the argument is left as it is", after="test_rows_get_length_one")
    def test_argument_is_kept(self, submission):
        x = torch.tensor([[3.0, 4.0], [6.0, 8.0], [0.0, 2.0]])
        expect_arguments_kept(submission, x)

    @graded(2, "no Python loop over rows", after="test_rows_get_length_one")
    def test_no_loop_over_rows(self, submission, draw):
        x = torch.randn(64, 5, generator=draw)
        expect_vectorised(submission, few=(x[:8],), many=(x,))


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
ONE_NORM_TWICE = Misconception(
    "uses one row's squared norm twice and leaves the other's out",
    "Entry (i, j) needs ‖x_i‖² and ‖y_j‖². Norms of shape (N, 1) vary down the rows of D, norms of "
    "shape (M,) or (1, M) vary along them; two of the same shape meet the same axis.",
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
TRANSPOSED = Misconception(
    "returns the matrix transposed",
    "D[i, j] compares row i of x with row j of y: rows of D belong to x.",
)
IGNORES_Y = Misconception(
    "ignores y and compares x with itself",
    "x is compared with itself only when y is None.",
)
IGNORES_X = Misconception(
    "compares y with itself",
    "Rows of D belong to x, columns to y.",
)
ALL_TOGETHER = Misconception(
    "compares all rows of x and y with each other",
    "Only the block of x against y is asked for.",
)
DIAGONAL_ALWAYS_ZERO = Misconception(
    "puts zeros on the diagonal for two different sets, too",
    "Row i of x and row i of y are different images unless y is None. Being of equal size does not "
    "make the two sets the same.",
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
    points=30,
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
    def test_small_example(self, submission):
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
                *_table(
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
    def test_two_sets(self, submission):
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
            given=f"x = {_ints(x)} and y = {_ints(y)}",
            help="D[1, 2] compares equal rows, [0, 3, 1] twice: it must be 0.",
            misconceptions=[
                (expected.sqrt(), ROOT),
                *_table(([[0.0, 1.0, 11.0, 6.0], [10.0, 0.0, 0.0, 21.0]], DIAGONAL_ALWAYS_ZERO)),
            ],
        )

    @graded(3, "no squared distance is negative", after="test_small_example")
    def test_never_negative(self, submission, draw):
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
    def test_own_distance_is_zero(self, submission, draw):
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
    def test_no_loop_over_rows(self, submission, draw):
        # torch.cdist changes its method at 25 rows: both sizes are above.
        x = torch.randn(64, 5, generator=draw)
        expect_vectorised(submission, few=(x[:32], x[:32] + 1), many=(x, x + 1))


COSINE_DISTANCE = Misconception(
    "returns 1 - cos (the cosine distance), half of what is asked",
    "‖u - v‖² = ‖u‖² + ‖v‖² - 2⟨u, v⟩, and each of the two norms gives 1: 2 - 2 cos.",
)
GROWS_WITH_COSINE = Misconception(
    "grows with the cosine: equal vectors get the largest distance",
    "A cosine measures likeness, a distance unlikeness, so the sign of the cosine is minus.",
)
SQUARES_COSINE = Misconception(
    "squares the cosine",
    "The square of the distance is 2 - 2 cos, linear in the cosine. With cos², opposite vectors "
    "(cos = -1) would be as near as equal ones.",
)
ABSOLUTE_COSINE = Misconception(
    "takes the absolute value of the cosine",
    "Opposite unit vectors (cos = -1) are 2 apart, the largest distance there is.",
)
COSINE_ONCE = Misconception(
    "gets only one of the two factors 2 right",
    "Both norms are 1, so they give 2, and the mixed term is -2 cos: equal vectors (cos = 1) are "
    "at distance 0, opposite ones at 4.",
)
ANGLE = Misconception(
    "measures the angle (arc), not the straight line",
    "No arccos is needed: expand ‖u - v‖² with ‖u‖ = ‖v‖ = 1.",
)
OUT_OF_RANGE = Misconception(
    "lets rounding push a squared distance out of [0, 4]",
    "A cosine computed in float32 can be 1.0000001; 2 - 2 cos is then -2e-7, whose root is nan. "
    "Clamp the result to [0, 4].",
)
FOLDED = Misconception(
    "turns a negative rounding error into a positive distance with abs()",
    "Equal vectors should be at distance 0, not 2.4e-7: clamp instead.",
)


@exercise(
    "squared_distances_from_cosine",
    object="course_lib.distances.squared_distances_from_cosine",
    title="From cosine to squared distance",
    points=10,
    difficulty=1,
    minutes=5,
    hints=(
        "Expand ‖u - v‖². What do you know about ‖u‖ and ‖v‖?",
        "Unit vectors: ‖u‖² = ‖v‖² = 1, and ⟨u, v⟩ is the cosine.",
        "2 - 2 cos, and then a clamp to [0, 4] against rounding.",
    ),
)
class TestSquaredDistancesFromCosine:
    """‖u - v‖² of unit vectors, from their cosine."""

    @graded(3, "equal, orthogonal and opposite unit vectors")
    def test_known_angles(self, submission):
        cosines = torch.tensor([1.0, 0.5, 0.0, -0.5, -1.0])
        expect_close(
            submission.call(cosines),
            torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0]),
            given="cosines [1, 0.5, 0, -0.5, -1]",
            help="Orthogonal unit vectors are the legs of a triangle: by Pythagoras ‖u - v‖² = 2.",
            misconceptions=_table(
                ([0.0, 1.0, 1.414214, 1.732051, 2.0], ROOT),
                ([0.0, 0.5, 1.0, 1.5, 2.0], COSINE_DISTANCE),
                ([4.0, 3.0, 2.0, 1.0, 0.0], GROWS_WITH_COSINE),
                ([2.0, 1.5, 1.0, 0.5, 0.0], GROWS_WITH_COSINE),
                ([0.0, 1.5, 2.0, 1.5, 0.0], SQUARES_COSINE),
                ([0.0, 0.75, 1.0, 0.75, 0.0], SQUARES_COSINE),
                ([0.0, 1.0, 2.0, 1.0, 0.0], ABSOLUTE_COSINE),
                ([1.0, 1.5, 2.0, 2.5, 3.0], COSINE_ONCE),
                ([-1.0, 0.0, 1.0, 2.0, 3.0], COSINE_ONCE),
                ([0.0, 0.0, 1.0, 2.0, 3.0], COSINE_ONCE),
                ([0.0, 1.047198, 1.570796, 2.094395, 3.141593], ANGLE),
                ([0.0, 1.096623, 2.467401, 4.386491, 9.869604], ANGLE),
                ([0.0, 1.096623, 2.467401, 4.0, 4.0], ANGLE),
            ),
        )

    @graded(2, "rounded cosines beyond ±1 give exactly 0 and 4", after="test_known_angles")
    def test_stays_in_range(self, submission):
        above = torch.nextafter(torch.tensor(1.0), torch.tensor(2.0))  # 1.00000012
        value = expect_tensor(submission.call(torch.stack([above, -above, above / 2])), shape=(3,))
        given = "cosines [1.0000001, -1.0000001, 0.5]"
        expect_close(value, torch.tensor([0.0, 4.0, 1.0]), given=given)
        if float(value[0]) < 0 or float(value[1]) > 4:
            fail(
                f"the result should lie in [0, 4] for {given}; it is "
                f"[{float(value[0]):.3g}, {float(value[1]):.8g}, {float(value[2]):.3g}].",
                misconception=OUT_OF_RANGE,
            )
        exact = float(value[0]) == 0 and float(value[1]) == 4
        expect(
            exact,
            f"the first two should be exactly 0 and 4 for {given}; they are "
            f"{float(value[0]):.3g} and {float(value[1]):.8g}.",
            misconception=FOLDED if float(value[0]) > 2e-7 else None,
            help="Clamp to [0, 4] and change nothing else.",
        )

    @graded(1, "the argument is left as it is", after="test_known_angles")
    def test_argument_is_kept(self, submission):
        expect_arguments_kept(submission, torch.tensor([1.0, 0.5, -0.25]))


NOT_A_PAIR = Misconception(
    "does not return the pair (squared distances, indices)",
    "End with: return squared_distances, indices.",
)
SWAPPED = Misconception(
    "returns the indices first and the distances second",
    "The order is (squared distances, indices), as torch.topk and torch.sort have it.",
)
WHOLE_RANKING = Misconception(
    "returns the whole ranking, not the first k",
    "Keep the first k columns: [:, :k].",
)
ALONG_QUERIES = Misconception(
    "ranks the queries for each row of the retrieval set",
    "Each query ranks the retrieval set: with D of shape (Q, R), sort along dim=1.",
)
NEIGHBOURS_TRANSPOSED = Misconception(
    "returns a column for each query instead of a row",
    "Both results have shape (Q, k): one row a query.",
)
FARTHEST = Misconception(
    "returns the farthest rows, not the nearest",
    "A small distance means alike: sort in ascending order; topk needs largest=False.",
)
FARTHEST_FIRST = Misconception(
    "finds the nearest rows but lists the farthest of them first",
    "Rank 1 is the nearest. Sort the k that you keep, too, in ascending order.",
)
DROPS_FIRST = Misconception(
    "drops the nearest row, as if it were the query itself",
    "The retrieval set is another set than the queries: its nearest row is an answer, even at "
    "distance 0. Nothing is removed here.",
)
BY_COSINE = Misconception(
    "ranks by cosine, not by distance",
    "The rows are not unit vectors here, and then the two rank differently: [1, 1] points where "
    "[7, 8] points but is far away. Use pairwise_squared_distances.",
)
BY_PRODUCT = Misconception(
    "ranks by inner product, not by distance",
    "A long row has large inner products with everybody without being near anybody.",
)
NEGATED = Misconception(
    "returns negated distances",
    "topk of -D finds the nearest, but its values are -d: negate them, or use largest=False.",
)
ONLY_NEAREST = Misconception(
    "lists the nearest row k times",
    "For each query the k nearest are k different rows: min() finds the first of them only.",
)
DISTANCES_UNSORTED = Misconception(
    "returns the right indices with distances that are not theirs",
    "distances[q, r] must be the squared distance of retrieval row indices[q, r]: take both from "
    "one sort, or use gather.",
)
ANY_ORDER = Misconception(
    "leaves the order of equal distances to chance",
    "topk, and sort without stable=True, may return equal distances in any order, and another one "
    "on another machine. A stable sort keeps the order that they had: that of the indices.",
)
TIES_REVERSED = Misconception(
    "lists the larger index first among equal distances",
    "Equal distances are ordered by index, smaller first. Reversing a sort reverses the ties, too.",
)
LAST_CHUNK_DROPPED = Misconception(
    "drops the last, smaller chunk of queries",
    "7 queries in chunks of 3 are 3 + 3 + 1; Q // chunk_size counts only the full ones. "
    "queries.split(chunk_size) yields the rest, too.",
)
ONE_CHUNK = Misconception(
    "returns the neighbours of one chunk only",
    "Collect the results of all chunks and concatenate them: torch.cat.",
)
CHUNK_POSITIONS = Misconception(
    "returns positions inside a chunk of the retrieval set",
    "Where the retrieval set is cut, add the start of the chunk to the indices found in it.",
)
NUDGED = Misconception(
    "changes the distances a little, to order ties or to avoid 0",
    "Return the distances as they are. A small multiple of the index orders equal distances, but "
    "it also swaps distances that are nearly equal: use a stable sort.",
)
KEEPS_GRAPH = Misconception(
    "keeps the autograd graph of the search",
    "Search needs no gradient. With the graph, the distances of every chunk stay in memory: "
    "detach() the inputs, or use torch.no_grad().",
)


@exercise(
    "k_nearest",
    object="course_lib.distances.k_nearest",
    title="The k nearest images, exactly",
    points=30,
    difficulty=3,
    minutes=25,
    hints=(
        "You have pairwise_squared_distances. Give it a chunk of the queries and the whole "
        "retrieval set, and look at one row of the result.",
        "A sort gives values and indices together. Which argument of torch.sort promises an order "
        "for equal values?",
        "Turn float16 rows into float32. For each chunk of queries.detach().split(chunk_size): all "
        "distances, a stable sort along dim=1, the first k columns of both (copied, so that the "
        "rest can be freed). Then torch.cat the values and the indices.",
    ),
)
class TestKNearest:
    """The k nearest rows of the retrieval set, for each query."""

    @graded(7, "the two nearest of a small example, with their squared distances")
    def test_small_example(self, submission):
        queries = torch.tensor([[0.0, 0.0], [4.0, 4.0], [7.0, 8.0]])
        retrieval = torch.tensor([[0.0, 0.0], [4.0, 3.0], [1.0, 1.0], [6.0, 8.0], [0.0, 3.0]])
        given = f"queries = {_ints(queries)}, retrieval = {_ints(retrieval)}, k = 2"
        distances, indices = expect_neighbours(
            submission.call(queries, retrieval, 2), queries=3, k=2, rows=5
        )
        nearest, of = [[0, 2], [1, 4], [3, 1]], torch.tensor([[0.0, 2.0], [1.0, 17.0], [1.0, 34.0]])
        found = indices.tolist()
        # The query at the origin has no direction, and ties with everything: look at the others.
        for rows, misconception in (
            ([[3, 1], [3, 1]], BY_PRODUCT),
            ([found[1], [2, 3]], BY_COSINE),
        ):
            if found[1:] == rows:
                fail(
                    f"the list of indices should be {nearest} for {given}; it is {found}.",
                    misconception=misconception,
                )
        expect_equal(
            found,
            nearest,
            what="the list of indices",
            given=given,
            help="Query 1 is [4, 4]: its squared distances from the rows are 32, 1, 18, 20, 17.",
            misconceptions=[
                ([[3, 1], [0, 3], [0, 2]], FARTHEST),
                ([[1, 3], [3, 0], [2, 0]], FARTHEST),
                ([[2, 0], [4, 1], [1, 3]], FARTHEST_FIRST),
                ([[2, 4], [4, 2], [1, 4]], DROPS_FIRST),
                ([[0, 0], [1, 1], [3, 3]], ONLY_NEAREST),
            ],
        )
        nudge = (distances - of).abs().max()
        if 1e-5 < float(nudge) < 1e-2:
            fail(f"the squared distances are off by up to {nudge:.2g}.", misconception=NUDGED)
        expect_close(
            distances,
            of,
            what="the table of squared distances",
            given=given,
            help="The indices are right; these are not their distances.",
            misconceptions=[
                (of.sqrt(), ROOT),
                (-of, NEGATED),
                (of.flip(1), DISTANCES_UNSORTED),
                *_table(([[0.0, 25.0], [32.0, 1.0], [113.0, 34.0]], DISTANCES_UNSORTED)),
            ],
        )

    @graded(4, "equal distances are ordered by index, smaller first", after="test_small_example")
    def test_equal_distances_by_index(self, submission):
        # Beyond 16 numbers torch.sort is unstable unless asked; topk is so for any.
        at = [2, 1, 3, 1, 2, 1, 3, 2, 1, 2, 3, 1, 2, 2, 1, 3, 3, 1, 2, 1, 1, 2, 3, 1]
        retrieval = torch.tensor(at, dtype=torch.float32)[:, None]
        k = 14
        distances, indices = expect_neighbours(
            submission.call(torch.zeros(1, 1), retrieval, k), queries=1, k=k, rows=len(at)
        )
        ranking = sorted(range(len(at)), key=lambda index: (at[index], index))[:k]
        squares = torch.tensor([[float(at[index] ** 2) for index in ranking]])
        given = f"query [0], retrieval rows at {at}, k = {k}"
        expect_close(distances, squares, what="the table of squared distances", given=given)
        found = indices[0].tolist()
        if found != ranking:
            largest_first = sorted(found, key=lambda index: (at[index], -index))
            fail(
                f"the indices should be {ranking} for {given}; they are {found}.",
                misconception=TIES_REVERSED if found == largest_first else ANY_ORDER,
            )

    @graded(4, "every chunk_size gives the same answer", after="test_small_example")
    def test_chunks(self, submission):
        queries = torch.tensor([[0.0], [10.0], [20.0], [30.0], [40.0], [50.0], [60.0]])
        retrieval = torch.tensor([[3.0], [58], [21], [44], [12], [33], [65], [1], [49]])
        nearest = [[7, 0], [4, 0], [2, 4], [5, 2], [3, 5], [8, 3], [1, 6]]
        squares = [[1, 9], [4, 49], [1, 64], [9, 81], [16, 49], [1, 36], [4, 25]]
        for chunk_size in (100, 7, 3, 2, 1):
            reply = submission.call(queries, retrieval, 2, chunk_size=chunk_size)
            given = f"7 queries with chunk_size={chunk_size}"
            distances, indices = expect_neighbours(
                reply, queries=7, k=2, rows=9, given=given, chunk_size=chunk_size
            )
            found = indices.tolist()
            inside = [[index % chunk_size for index in row] for row in nearest]
            expect_equal(
                found,
                nearest,
                what="the list of indices",
                given=given,
                help="With chunk_size=100 there is one chunk. What changes when there are more?",
                misconceptions=[(inside, CHUNK_POSITIONS)],
            )
            expected = torch.tensor(squares, dtype=torch.float32)
            expect_close(
                distances, expected, atol=1e-4, what="the table of squared distances", given=given
            )

    @graded(1, "int64 indices, and no gradient", after="test_small_example")
    def test_kinds_of_result(self, submission):
        queries = torch.tensor([[0.0], [5.0]], requires_grad=True)
        retrieval = torch.tensor([[1.0], [3.0], [7.0]], requires_grad=True)
        distances, indices = expect_neighbours(
            submission.call(queries, retrieval, 1), queries=2, k=1, rows=3
        )
        expect(
            indices.dtype is torch.int64,
            f"the indices should be int64, as indexing expects them; they are {indices.dtype}.",
        )
        expect_close(
            distances.detach(), torch.tensor([[1.0], [4.0]]), what="the table of squared distances"
        )
        if distances.requires_grad:
            fail(
                "the squared distances should be detached from the graph; requires_grad is True.",
                misconception=KEEPS_GRAPH,
            )

    @graded(2, "no Python loop within a chunk", after="test_small_example")
    def test_no_loop_within_a_chunk(self, submission, draw):
        queries = torch.randn(64, 5, generator=draw)
        retrieval = torch.randn(80, 5, generator=draw)
        few = submission.trace(queries[:32], retrieval[:40], 3, chunk_size=100)
        many = submission.trace(queries, retrieval, 3, chunk_size=100)
        _expect_same_work(few, many, "32 queries in 40 rows", "64 queries in 80 rows")


# What the tests share ---------------------------------------------------------------------------


def expect_arguments_kept(submission, *arguments):
    """Fail if the call changes one of its arguments."""
    reply = submission.call(*arguments, return_args=True)
    kept = type(reply) is tuple and len(reply) == 2
    after = reply[1] if kept and type(reply[1]) is tuple else ()
    expect(len(after) == len(arguments), "the arguments did not come back from the call.")
    for before, now in zip(arguments, after, strict=True):
        expect_equal(
            now, before, what="the argument after the call", misconceptions=[(now, IN_PLACE)]
        )


def expect_vectorised(submission, few, many):
    """Fail on a Python loop, or when more rows cost more operations or lines of Python."""
    loops = submission.loops()
    expect(loops == [], f"there should be no loop; found: {'; '.join(loops)}.", misconception=LOOP)
    small, large = submission.trace(*few), submission.trace(*many)
    _expect_same_work(small, large, f"{len(few[0])} rows", f"{len(many[0])} rows")


def expect_neighbours(value, *, queries, k, rows, given="", chunk_size=None):
    """The pair (squared distances, integer indices), once both are known to have shape (Q, k)."""
    if type(value) not in (tuple, list) or len(value) != 2:
        kind = f"{type(value).__name__}"
        fail(f"a tuple of two tensors is asked for, not a {kind}.", misconception=NOT_A_PAIR)
    distances, indices = value
    for part, name in (
        (distances, "the table of squared distances"),
        (indices, "the table of indices"),
    ):
        what = f"{name} for {given}" if given else name
        part = expect_tensor(part, what=what)
        expect_tensor(
            part,
            shape=(queries, k),
            what=what,
            misconceptions={
                (k, queries): NEIGHBOURS_TRANSPOSED,
                (k, rows): ALONG_QUERIES,
                (rows, k): ALONG_QUERIES,
                (queries, rows): WHOLE_RANKING,
            }
            | _shapes_of_lost_chunks(queries, k, chunk_size),
        )
    if indices.is_floating_point() and not distances.is_floating_point():
        fail("the first result is integer, the second floating point.", misconception=SWAPPED)
    whole = not (indices.is_floating_point() or indices.dtype is torch.bool)
    expect(whole, f"the indices should be integers; they are {indices.dtype}.")
    return distances, indices


def _shapes_of_lost_chunks(queries, k, chunk_size):
    if chunk_size is None or chunk_size >= queries:
        return {}
    left = queries % chunk_size
    shapes = {(chunk_size, k): ONE_CHUNK, (left, k): ONE_CHUNK}
    return shapes | {(queries - left, k): LAST_CHUNK_DROPPED} if left else shapes


def _expect_same_work(small, large, few, many):
    if (small.operation_count, small.lines) != (large.operation_count, large.lines):
        fail(
            f"the number of steps should not depend on the number of rows; {few} took "
            f"{small.operation_count} tensor operations and {small.lines} lines of Python, "
            f"{many} took {large.operation_count} and {large.lines}.",
            misconception=LOOP,
        )


def _unit_rows(draw):
    """64 random float32 rows of length 1, 128 numbers each."""
    x = torch.randn(64, 128, generator=draw, dtype=torch.float64)
    return (x / x.square().sum(1, True).sqrt()).float()


def _expect_distances_of_unit_rows(value):
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


def _span(values):
    return f"[{float(values.min()):.3g}, {float(values.max()):.3g}]"


def _table(*rows):
    return [(torch.tensor(numbers), misconception) for numbers, misconception in rows]


def _with_and_without_clamp(numbers, misconception):
    table = torch.tensor(numbers)
    return [(table, misconception), (table.clamp_min(0), misconception)]


def _transpose(numbers):
    return [list(column) for column in zip(*numbers, strict=True)]


def _ints(tensor):
    return tensor.int().tolist()
