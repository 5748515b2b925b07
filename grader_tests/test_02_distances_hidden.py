"""Hidden tests of assignment 02, distances: inputs come from `draw`, keyed by the secret.

Results in float64 may be off by 1e-10, in float32 on unit rows by 1e-5, unless a test says
otherwise.
"""

import torch

from autograder.testing.declarations import graded, hidden_tests
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
    expect_tensor,
    fail,
)
from course_lib.distances import (
    k_nearest,
    l2_normalize,
    pairwise_squared_distances,
    squared_distances_from_cosine,
)
from grader_tests.test_02_distances import (
    ANY_ORDER,
    DIAGONAL_ALWAYS_ZERO,
    DISTANCES_UNSORTED,
    IGNORES_Y,
    ONE_NORM_TWICE,
    OUT_OF_RANGE,
    TRANSPOSED,
    expect_arguments_kept,
    expect_neighbours,
)

SINGLE_PRECISION = Misconception(
    "computes float64 input in float32",
    "Whoever passes float64 wants its 16 digits. .float(), or a result tensor made without dtype=, "
    "keeps only 7 of them.",
)
HALF_OVERFLOW = Misconception(
    "squares float16 numbers in float16, which ends at 65504",
    "300² is infinite in float16. Compute squares and sums in float32 or wider, and turn the "
    "result back into the dtype of x at the end.",
)

EPS_ADDED = Misconception(
    "adds eps to the length",
    "Divide by max(‖x‖, eps): a row longer than eps then gets length 1 exactly, not almost.",
)
EPS_UNDER_ROOT = Misconception(
    "applies eps to the squared length, under the root",
    "eps is the smallest length divided by: take the root first, then the maximum with eps.",
)
EPS_IGNORED = Misconception(
    "ignores eps",
    "Divide by max(‖x‖, eps): rows shorter than eps are divided by eps and stay short.",
)
EPS_VANISHES = Misconception(
    "raises the lengths to an eps that is 0 in float16",
    "The smallest float16 is 6e-8, so that 1e-12 becomes 0, and a row of zeros is divided by 0. "
    "Take the lengths in float32 or wider, and return to the dtype of x after the division.",
)
LENGTH_DETACHED = Misconception(
    "treats the length as a constant in the gradient",
    "The length depends on x, too: without its part of the gradient, a step would try to stretch a "
    "row, which changes nothing. No detach() or no_grad() around the length.",
)


@hidden_tests("l2_normalize")
class TestL2NormalizeHidden:
    """x / max(‖x‖₂, eps), row by row."""

    @graded(
        2,
        "random float64 rows of any shape and scale, within 1e-10",
        after="test_rows_get_length_one",
    )
    def test_rows_of_any_scale(self, submission, draw):
        for rows, columns in ((7, 5), (4, 4), (1, 6), (6, 1)):
            x = torch.randn(rows, columns, generator=draw, dtype=torch.float64)
            x = x.sign() * x.abs().clamp_min(0.5)
            x = x * 10.0 ** torch.randint(0, 5, (rows, 1), generator=draw)
            given = f"a random x of shape {tuple(x.shape)}, float64"
            value = submission.call(x)
            _expect_double_precision(value, l2_normalize(x), given)
            expect_close(value, l2_normalize(x), atol=1e-10, given=given)

    @graded(1, "rows shorter than eps are divided by eps", after="test_rows_get_length_one")
    def test_eps_is_the_smallest_divisor(self, submission, draw):
        scale = 0.5 + torch.rand((), generator=draw, dtype=torch.float64)
        x = torch.tensor([[0.18, 0.24], [3.0, 4.0]], dtype=torch.float64) * scale
        eps = 0.5 * float(scale)
        short = torch.tensor([0.3, 5.0], dtype=torch.float64)[:, None] * scale
        expect_close(
            submission.call(x, eps=eps),
            l2_normalize(x, eps),
            atol=1e-6,
            given="rows of length 0.6 eps and 10 eps",
            help="The first row should get length 0.6, the second length 1.",
            misconceptions=[
                (x / short, EPS_IGNORED),
                (x / (short + eps), EPS_ADDED),
                (x / (short.square() + eps).sqrt(), EPS_UNDER_ROOT),
                (x / (short.square() + eps**2).sqrt(), EPS_UNDER_ROOT),
                (x / short.square().clamp_min(eps).sqrt(), EPS_UNDER_ROOT),
            ],
        )

    @graded(2, "the gradient passes through the length, too", after="test_rows_get_length_one")
    def test_gradient(self, submission, draw):
        x = torch.randn(5, 4, generator=draw, dtype=torch.float64)
        x = x + 0.5 * x.sign()
        cotangent = torch.randn(5, 4, generator=draw, dtype=torch.float64)
        value, gradients = submission.vjp(x, wrt=[0], cotangent=cotangent)
        expect_close(value, l2_normalize(x), atol=1e-6)
        length = x.square().sum(dim=1, keepdim=True).sqrt()
        unit = x / length
        along = (cotangent * unit).sum(dim=1, keepdim=True)
        expect_gradient(
            _first(gradients),
            (cotangent - along * unit) / length,
            of="x",
            atol=1e-6,
            help="For f = x/‖x‖ it is (g - ⟨g, f⟩ f) / ‖x‖, where g comes from above.",
            misconceptions=[(cotangent / length, LENGTH_DETACHED)],
        )

    @graded(
        1, "float16 rows: lengths in float32, result in float16", after="test_rows_get_length_one"
    )
    def test_half_precision(self, submission, draw):
        signs = torch.randint(0, 2, (3, 4), generator=draw) * 2 - 1
        x = (signs * 300).half()
        value = expect_tensor(submission.call(x), shape=(3, 4))
        if _overflowed(value):
            fail("rows of ±300 in float16: the result overflows.", misconception=HALF_OVERFLOW)
        expect_close(value, (0.5 * signs).half(), atol=1e-3, given="rows of four ±300 in float16")
        zeros = torch.zeros(1, 4).half()
        value = expect_tensor(submission.call(torch.cat([x, zeros])), shape=(4, 4))
        if bool(value.isnan().any()):
            fail("a row of zeros in float16 becomes nan.", misconception=EPS_VANISHES)
        expect_close(value[3:], zeros, atol=0, given="a row of zeros in float16")


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
    def test_random_sets(self, submission, draw):
        x = torch.randn(40, 24, generator=draw, dtype=torch.float64)
        y = torch.randn(30, 24, generator=draw, dtype=torch.float64)
        many = torch.randn(280, 24, generator=draw, dtype=torch.float64)
        for left, right in ((x, y), (many, None)):
            exact = _by_differences(left, left if right is None else right)
            given = "random rows in float64"
            value = submission.call(left) if right is None else submission.call(left, right)
            _expect_double_precision(value, exact, given)
            expect_close(value, exact, atol=1e-10, what="D", given=given, help=DIGITS_LOST)
        x, y = l2_normalize(x), l2_normalize(y)
        value, exact = submission.call(x.float(), y.float()), _by_differences(x, y).float()
        expect_close(value, exact, atol=1e-5, what="D", given="random unit rows in float32")

    @graded(2, "two different sets of equal size, as wide as long", after="test_small_example")
    def test_equally_many_rows(self, submission, draw):
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
    def test_single_row_and_column(self, submission, draw):
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
            expect_close(value, _by_differences(x, y), atol=1e-4, what="D", given=given)
        alone = torch.randint(1, 5, (1, 3), generator=draw).float()
        expect_close(submission.call(alone), torch.zeros(1, 1), what="D", given="x of one row")

    @graded(2, "the gradient reaches x and y: ±2 (x_i - y_j)", after="test_small_example")
    def test_gradient(self, submission, draw):
        x = torch.randn(4, 3, generator=draw, dtype=torch.float64)
        y = torch.randn(5, 3, generator=draw, dtype=torch.float64)
        cotangent = torch.randn(4, 5, generator=draw, dtype=torch.float64)
        value, gradients = submission.vjp(x, y, wrt=[0, 1], cotangent=cotangent)
        expect_close(value, _by_differences(x, y), atol=1e-5, what="D")
        by_pair = 2 * cotangent[:, :, None] * (x[:, None] - y)
        expect_gradient(_first(gradients), by_pair.sum(dim=1), of="x", atol=1e-5)
        expect_gradient(_first(gradients[1:]), -by_pair.sum(dim=0), of="y", atol=1e-5)

        cotangent = torch.randn(4, 4, generator=draw, dtype=torch.float64)
        _, gradients = submission.vjp(x, wrt=[0], cotangent=cotangent)
        by_pair = 2 * cotangent[:, :, None] * (x[:, None] - x)
        as_row, as_column = by_pair.sum(dim=1), -by_pair.sum(dim=0)
        expect_gradient(
            _first(gradients),
            as_row + as_column,
            of="x",
            atol=1e-5,
            given="y None",
            misconceptions=[(as_row, ONE_SIDE_DETACHED), (as_column, ONE_SIDE_DETACHED)],
        )

    @graded(1, "the gradient stays finite when two rows are equal", after="test_small_example")
    def test_gradient_of_equal_rows(self, submission, draw):
        x = torch.randint(-4, 5, (4, 3), generator=draw).double()
        x[2] = x[0]
        for arguments in ((x,), (x, x.flip(0))):
            _, gradients = submission.vjp(*arguments, wrt=[0])
            gradient = _first(gradients)
            if type(gradient) is torch.Tensor and not bool(gradient.isfinite().all()):
                fail(
                    "the gradient contains nan or inf where two rows are equal.",
                    misconception=ROOT_ON_THE_WAY,
                )
            by_pair = 2 * (x[:, None] - x)
            terms = 2 if len(arguments) == 1 else 1
            expect_gradient(gradient, terms * by_pair.sum(dim=1), of="x", given="two equal rows")

    @graded(2, "memory for N x M numbers, not for N x M x D", after="test_small_example")
    def test_memory(self, submission, draw):
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
    def test_half_precision(self, submission, draw):
        # Squares of 200 fit into float16, their sum does not.
        first = torch.randint(195, 206, (4, 1), generator=draw)
        x = torch.cat([first, torch.arange(4)[:, None]], dim=1)
        expected = _by_differences(x, x.flip(0)).half()
        value = expect_tensor(submission.call(x.half(), x.half().flip(0)), shape=(4, 4), what="D")
        if _overflowed(value):
            fail("rows of length 200 in float16: D overflows.", misconception=HALF_OVERFLOW)
        expect_close(value, expected, atol=0, what="D", given="rows of length 200 in float16")

    @graded(1, "the arguments are left as they are", after="test_small_example")
    def test_arguments_are_kept(self, submission, draw):
        x = torch.randn(5, 3, generator=draw)
        expect_arguments_kept(submission, x, torch.randn(4, 3, generator=draw))
        expect_arguments_kept(submission, x)


SHAPE_CHANGED = Misconception(
    "changes the shape of its argument",
    "The cosines may have any shape, a single number or a stack of matrices: each is mapped on its "
    "own. No squeeze(), no flatten(), no transposition.",
)


@hidden_tests("squared_distances_from_cosine")
class TestSquaredDistancesFromCosineHidden:
    """‖u − v‖² of unit vectors, from their cosine."""

    @graded(2, "agrees with the distances of random unit rows (1e-5)", after="test_known_angles")
    def test_agrees_with_distances(self, submission, draw):
        u = l2_normalize(torch.randn(6, 3, generator=draw, dtype=torch.float64))
        v = l2_normalize(torch.randn(5, 3, generator=draw, dtype=torch.float64))
        expected = _by_differences(u, v).float()
        cosines = (u @ v.T).float()
        expect_close(submission.call(cosines), expected, given="cosines of random unit rows")

    @graded(1, "any shape, and the dtype that came in", after="test_known_angles")
    def test_shapes_and_dtypes(self, submission, draw):
        for shape in ((), (1,), (7,), (2, 3, 4), (1, 1)):
            cosines = 2 * torch.rand(shape, generator=draw, dtype=torch.float64) - 1
            expected = squared_distances_from_cosine(cosines)
            given = f"float64 cosines of shape {shape}"
            value = expect_tensor(submission.call(cosines))
            if value.shape != expected.shape:
                fail(
                    f"cosines of shape {shape} give squared distances of shape "
                    f"{tuple(value.shape)}.",
                    misconception=SHAPE_CHANGED,
                )
            _expect_double_precision(value, expected, given)
            expect_close(value, expected, atol=1e-10, given=given)
        beyond = torch.tensor([1 + 1e-12, -1 - 1e-12], dtype=torch.float64)
        value = expect_tensor(submission.call(beyond), shape=(2,), dtype=torch.float64)
        if float(value[0]) < 0 or float(value[1]) > 4:
            fail("cosines beyond ±1 by 1e-12 leave [0, 4].", misconception=OUT_OF_RANGE)

    @graded(1, "the gradient is -2 everywhere", after="test_known_angles")
    def test_gradient(self, submission, draw):
        cosines = 1.8 * torch.rand(3, 4, generator=draw, dtype=torch.float64) - 0.9
        value, gradients = submission.vjp(cosines, wrt=[0])
        expect_close(value, squared_distances_from_cosine(cosines), atol=1e-10)
        expected = torch.full((3, 4), -2.0, dtype=torch.float64)
        expect_gradient(_first(gradients), expected, of="similarities")


ORDER_IN_SINGLE = Misconception(
    "ranks float64 rows in float32",
    "Distances that differ in the ninth digit are equal in float32: rank in the dtype of the rows.",
)
RANKED_IN_HALF = Misconception(
    "ranks float16 rows in float16",
    "float16 holds squares up to 65504 only, and three digits of them: many distances become equal "
    "or infinite. Turn the rows into float32 before they are compared, "
    "x.to(torch.promote_types(x.dtype, torch.float32)), and leave the distances so.",
)
ALL_AT_ONCE = Misconception(
    "compares all queries at once and ignores chunk_size",
    "4566 queries against 19479 images are 356 MB of distances; a few more queries, and the memory "
    "is full. Compare chunk_size queries at a time and keep k of each.",
)
RANKING_KEPT_BY_VIEW = Misconception(
    "keeps whole sorted rows alive behind a view of their first k columns",
    "values[:, :k] shows k columns, but it is a view: the storage of all R columns stays as long "
    "as it does. Copy what you keep: values[:, :k].clone().",
)


@hidden_tests("k_nearest")
class TestKNearestHidden:
    """The k nearest rows of the retrieval set, for each query."""

    @graded(3, "random sets in several chunks", after="test_small_example")
    def test_random_sets(self, submission, draw):
        # Multiples of 1/8 of at most 4: squares and sums are exact in float32.
        queries = torch.randint(-32, 33, (33, 3), generator=draw) / 8
        retrieval = torch.randint(-32, 33, (70, 3), generator=draw) / 8
        retrieval[40:50] = retrieval[20:30]
        reply = submission.call(queries, retrieval, 12, chunk_size=10)
        _expect_nearest(reply, queries, retrieval, 12, chunk_size=10)

    @graded(2, "k = 1, k = R, one query, one row", after="test_small_example")
    def test_smallest_and_largest(self, submission, draw):
        for n_queries, n_rows, k in ((4, 9, 1), (4, 9, 9), (1, 9, 3), (5, 1, 1), (1, 1, 1)):
            queries = torch.randint(-8, 9, (n_queries, 2), generator=draw).float()
            retrieval = torch.randint(-8, 9, (n_rows, 2), generator=draw).float()
            _expect_nearest(submission.call(queries, retrieval, k), queries, retrieval, k)

    @graded(
        1,
        "a place k shared by equal distances goes to the smaller index",
        after="test_small_example",
    )
    def test_ties_at_the_last_place(self, submission, draw):
        queries = torch.randint(0, 3, (6, 1), generator=draw).float()
        retrieval = torch.randint(0, 3, (200, 1), generator=draw).float()
        for k in (5, 60):
            reply = submission.call(queries, retrieval, k, chunk_size=4)
            _, indices = _expect_nearest(reply, queries, retrieval, k, chunk_size=4)
            _, nearest = k_nearest(queries, retrieval, k)
            differing = (indices != nearest).any(dim=1)
            if bool(differing.any()):
                row = int(differing.to(torch.uint8).argmax())
                fail(
                    f"with many equal distances and k = {k} the indices of a query should start "
                    f"{nearest[row, :12].tolist()}; they start {indices[row, :12].tolist()}.",
                    misconception=ANY_ORDER,
                )

    @graded(1, "float64 rows are ranked in float64", after="test_small_example")
    def test_double_precision(self, submission, draw):
        # Squared distances 2e-9 apart, by far more than float64's rounding.
        order = torch.randperm(30, generator=draw)
        retrieval = (1 + order.double() * 1e-9)[:, None]
        queries = torch.zeros(2, 1, dtype=torch.float64)
        distances, indices = expect_neighbours(
            submission.call(queries, retrieval, 10), queries=2, k=10, rows=30
        )
        given = "float64 rows at 1 + 1e-9, 1 + 2e-9 ..., shuffled"
        nearest = order.argsort()[:10]
        if indices[0].tolist() != nearest.tolist():
            fail(
                f"the indices should be {nearest.tolist()} for {given}; they are "
                f"{indices[0].tolist()}.",
                misconception=ORDER_IN_SINGLE,
            )
        squares = retrieval[nearest, 0].square().expand(2, 10)
        expect_close(
            distances, squares, atol=1e-10, what="the table of squared distances", given=given
        )

    @graded(1, "float16 rows: ranked in float32, distances in float32", after="test_small_example")
    def test_half_precision(self, submission, draw):
        # 30 whole numbers near 280, whose squares float16 cannot hold, nor tell from one another.
        order = torch.randperm(30, generator=draw)
        retrieval, queries = (265 + order).half()[:, None], torch.zeros(2, 1).half()
        distances, indices = expect_neighbours(
            submission.call(queries, retrieval, 10), queries=2, k=10, rows=30
        )
        nearest = order.argsort()[:10]
        squares = (265.0 + order[nearest]).square().expand(2, 10)
        given = "float16 rows at 265, 266, ..., shuffled, and queries at 0"
        if indices[0].tolist() != nearest.tolist() or distances.dtype is torch.float16:
            fail(
                f"the indices should be {nearest.tolist()} and the distances float32 for {given}; "
                f"they are {indices[0].tolist()} and {distances.dtype}.",
                misconception=RANKED_IN_HALF,
            )
        expect_close(
            distances, squares, atol=1e-2, what="the table of squared distances", given=given
        )

    @graded(2, "no more than chunk_size queries are compared at a time", after="test_small_example")
    def test_memory_of_a_chunk(self, submission, draw):
        queries = torch.randint(-32, 33, (512, 2), generator=draw) / 8
        retrieval = torch.randint(-32, 33, (256, 2), generator=draw) / 8
        trace = submission.trace(queries, retrieval, 2, chunk_size=16)
        _expect_nearest(trace.value, queries, retrieval, 2, chunk_size=16)
        if trace.largest_storage >= 512 * 256 * 4:
            fail(
                "512 queries against 256 rows with chunk_size=16: one tensor took "
                f"{trace.largest_storage} bytes; the distances of a chunk take {16 * 256 * 4}.",
                misconception=ALL_AT_ONCE,
            )

    @graded(1, "of each chunk only k columns stay in memory", after="test_memory_of_a_chunk")
    def test_memory_of_all_chunks(self, submission, draw):
        queries = torch.randint(-32, 33, (768, 2), generator=draw) / 8
        retrieval = torch.randint(-32, 33, (256, 2), generator=draw) / 8
        peak = submission.probe("peak_memory", queries, retrieval, 2, chunk_size=32)
        distances = 768 * 256 * 4
        if type(peak) is not int or peak >= distances:
            fail(
                f"768 queries against 256 rows with chunk_size=32: {peak} bytes were alive at "
                f"once; all distances together would be {distances}.",
                misconception=RANKING_KEPT_BY_VIEW,
            )

    @graded(1, "the arguments are left as they are", after="test_small_example")
    def test_arguments_are_kept(self, submission, draw):
        queries = torch.randn(4, 3, generator=draw)
        expect_arguments_kept(submission, queries, torch.randn(6, 3, generator=draw), 2)


# What the tests share ---------------------------------------------------------------------------


def _by_differences(x, y):
    """Squared distances without cancellation, by the definition."""
    return (x[:, None] - y).square().sum(dim=2)


def _first(gradients):
    return gradients[0] if gradients else None


def _overflowed(value):
    return not bool(value.double().isfinite().all()) or not bool(value.any())


def _expect_double_precision(value, exact, given):
    """Fail if a result is right, but every number of it fits into float32."""
    if type(value) is not torch.Tensor or value.shape != exact.shape:
        return
    if _fits_single(value) and not _fits_single(exact) and _is_near(value, exact):
        fail(
            f"the result should be right to 1e-10 for {given}; it has float32's 7 digits, in "
            f"{str(value.dtype).removeprefix('torch.')}.",
            misconception=SINGLE_PRECISION,
        )


def _fits_single(value):
    return torch.equal(value.float().double(), value.double())


def _is_near(value, exact):
    return bool(((value.double() - exact).abs() <= 1e-4).all())


def _expect_nearest(reply, queries, retrieval, k, chunk_size=None):
    """The pair (squared distances, indices), once right (1e-4); equal distances in any order."""
    squares, _ = k_nearest(queries, retrieval, k)
    distances, indices = expect_neighbours(
        reply, queries=len(queries), k=k, rows=len(retrieval), chunk_size=chunk_size
    )
    given = f"{len(queries)} random queries, {len(retrieval)} rows and k = {k}"
    expect_close(distances, squares, atol=1e-4, what="the table of squared distances", given=given)
    within = indices.clamp(0, len(retrieval) - 1).long()
    theirs = (queries[:, None] - retrieval[within]).square().sum(dim=2)
    if not torch.equal(within, indices.long()) or not _is_near(theirs, squares.double()):
        fail(
            f"for {given} the distances are right, but the rows at the indices are not so far.",
            misconception=DISTANCES_UNSORTED,
        )
    repeated = (within.sort(dim=1).values.diff(dim=1) == 0).any()
    expect(not bool(repeated), f"for {given} a row of the retrieval set is listed twice.")
    return distances, indices
