"""Hidden tests of k_nearest."""

from typing import Any

import torch

from autograder.testing import (
    Misconception,
    Submission,
    expect,
    expect_close,
    fail,
    graded,
    hidden_tests,
)
from course_lib.distances import k_nearest
from grader_tests.shared.arguments import expect_arguments_kept
from grader_tests.shared.hidden_distances import is_near
from grader_tests.shared.neighbours import ANY_ORDER, DISTANCES_UNSORTED, expect_neighbours

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
    def test_random_sets(self, submission: Submission, draw: torch.Generator) -> None:
        # Multiples of 1/8 of at most 4: squares and sums are exact in float32.
        queries = torch.randint(-32, 33, (33, 3), generator=draw) / 8
        retrieval = torch.randint(-32, 33, (70, 3), generator=draw) / 8
        retrieval[40:50] = retrieval[20:30]
        reply = submission.call(queries, retrieval, 12, chunk_size=10)
        _expect_nearest(reply, queries, retrieval, 12, chunk_size=10)

    @graded(2, "k = 1, k = R, one query, one row", after="test_small_example")
    def test_smallest_and_largest(self, submission: Submission, draw: torch.Generator) -> None:
        for n_queries, n_rows, k in ((4, 9, 1), (4, 9, 9), (1, 9, 3), (5, 1, 1), (1, 1, 1)):
            queries = torch.randint(-8, 9, (n_queries, 2), generator=draw).float()
            retrieval = torch.randint(-8, 9, (n_rows, 2), generator=draw).float()
            _expect_nearest(submission.call(queries, retrieval, k), queries, retrieval, k)

    @graded(
        1,
        "a place k shared by equal distances goes to the smaller index",
        after="test_small_example",
    )
    def test_ties_at_the_last_place(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_double_precision(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_half_precision(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_memory_of_a_chunk(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_memory_of_all_chunks(self, submission: Submission, draw: torch.Generator) -> None:
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
    def test_arguments_are_kept(self, submission: Submission, draw: torch.Generator) -> None:
        queries = torch.randn(4, 3, generator=draw)
        expect_arguments_kept(submission, queries, torch.randn(6, 3, generator=draw), 2)


def _expect_nearest(
    reply: Any,
    queries: torch.Tensor,
    retrieval: torch.Tensor,
    k: int,
    chunk_size: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (squared distances, indices), once right (1e-4); equal distances in any order."""
    squares, _ = k_nearest(queries, retrieval, k)
    distances, indices = expect_neighbours(
        reply, queries=len(queries), k=k, rows=len(retrieval), chunk_size=chunk_size
    )
    given = f"{len(queries)} random queries, {len(retrieval)} rows and k = {k}"
    expect_close(distances, squares, atol=1e-4, what="the table of squared distances", given=given)
    within = indices.clamp(0, len(retrieval) - 1).long()
    theirs = (queries[:, None] - retrieval[within]).square().sum(dim=2)
    if not torch.equal(within, indices.long()) or not is_near(theirs, squares.double()):
        fail(
            f"for {given} the distances are right, but the rows at the indices are not so far.",
            misconception=DISTANCES_UNSORTED,
        )
    repeated = (within.sort(dim=1).values.diff(dim=1) == 0).any()
    expect(not bool(repeated), f"for {given} a row of the retrieval set is listed twice.")
    return distances, indices
