"""Public tests of k_nearest."""

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_equal,
    expect_same_steps,
    fail,
    graded,
)
from grader_tests.shared.distances import ROOT, as_ints, tables
from grader_tests.shared.neighbours import ANY_ORDER, DISTANCES_UNSORTED, expect_neighbours
from grader_tests.shared.steps import LOOP_OVER_ROWS

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
TIES_REVERSED = Misconception(
    "lists the larger index first among equal distances",
    "Equal distances are ordered by index, smaller first. Reversing a sort reverses the ties, too.",
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
    def test_small_example(self, submission: Submission) -> None:
        queries = torch.tensor([[0.0, 0.0], [4.0, 4.0], [7.0, 8.0]])
        retrieval = torch.tensor([[0.0, 0.0], [4.0, 3.0], [1.0, 1.0], [6.0, 8.0], [0.0, 3.0]])
        given = f"queries = {as_ints(queries)}, retrieval = {as_ints(retrieval)}, k = 2"
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
                *tables(([[0.0, 25.0], [32.0, 1.0], [113.0, 34.0]], DISTANCES_UNSORTED)),
            ],
        )

    @graded(4, "equal distances are ordered by index, smaller first", after="test_small_example")
    def test_equal_distances_by_index(self, submission: Submission) -> None:
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
    def test_chunks(self, submission: Submission) -> None:
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
    def test_kinds_of_result(self, submission: Submission) -> None:
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
    def test_no_loop_within_a_chunk(self, submission: Submission, draw: torch.Generator) -> None:
        queries = torch.randn(64, 5, generator=draw)
        retrieval = torch.randn(80, 5, generator=draw)
        few = submission.trace(queries[:32], retrieval[:40], 3, chunk_size=100)
        many = submission.trace(queries, retrieval, 3, chunk_size=100)
        expect_same_steps(
            few,
            many,
            of="the number of rows",
            sizes=("32 queries in 40 rows", "64 queries in 80 rows"),
            misconception=LOOP_OVER_ROWS,
        )
