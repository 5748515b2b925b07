"""Public tests of average_precision_at_k."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_same_steps,
    expect_tensor,
    graded,
)
from grader_tests.shared.matrices import doubles
from grader_tests.shared.steps import expect_no_loop

# By rank, relevant is 1 0 1 | 0 1 1 0, 0 0 1 | 1 0 0 0 and 0 1 1 | 0 0 1 0: some more than k, some
# fewer, and none tied.
DISTANCES = torch.tensor(
    [[4, 0, 7, 2, 9, 1, 5], [6, 3, 1, 8, 2, 7, 0], [2, 5, 3, 9, 0, 6, 1]], dtype=torch.int16
)
RELEVANT = torch.tensor([[0, 1, 1, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 1, 1]]) > 0
RANKINGS = "relevant items at ranks 1, 3, 5, 6, at ranks 3, 4, and at ranks 2, 3, 6 of seven; k=3"
TIED = torch.tensor([[3, 3, 3, 3, 3], [3, 3, 3, 3, 3], [1, 0, 1, 0, 1]], dtype=torch.int16)
TIED_RELEVANT = torch.tensor([[0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 1, 1]]) > 0


BY_K = Misconception(
    "divides by k",
    "The mean is over the relevant items among the first k, not over k ranks: divide by how many "
    "were found.",
)
BY_ALL = Misconception(
    "divides by all relevant items",
    'That is divisor="relevant". By default only those found among the first k are counted.',
)
BY_POSSIBLE = Misconception(
    "divides by as many as there could be",
    'That is divisor="possible". By default the relevant items found among the first k are '
    "counted.",
)
NOT_STABLE = Misconception(
    "does not keep equally far items in order",
    "topk, and a sort that is not stable, leave equal distances in any order, and the result "
    "depends on it. Sort with stable=True, and cut afterwards.",
)
OVERFLOW = Misconception(
    "computes with distances in int16 until they overflow",
    "int16 ends at 32767, and what lies beyond comes back negative, nearer than all others: 30 "
    "times 1500 becomes -20536. A stable sort needs no distances times the number of items; who "
    "multiplies, begins with distances.long().",
)
WRONG_PRECISIONS = [
    (doubles(0.5833333, 0, 0.5), Misconception(
        "puts the farthest item first",
        "Rank 1 is the smallest distance: similarities fall along a ranking, distances rise.")),
    (doubles(0.5555556, 0.1111111, 0.3888889), BY_K),
    (doubles(0.4166667, 0.1666667, 0.3888889), BY_ALL),
    (doubles(0.5555556, 0.1666667, 0.3888889), BY_POSSIBLE),
    (doubles(0.6666667, 0.3333333, 0.4166667), Misconception(
        "averages 1/rank",
        "The t-th relevant item counts t / rank: over it stands the number of relevant items up to "
        "its rank.")),
    (doubles(1, 0.3333333, 0.5), Misconception(
        "looks at the first relevant item only",
        "That is the reciprocal rank. Average precision is a mean over all relevant items found.")),
    (doubles(0.6666667, 0.3333333, 0.6666667), Misconception(
        "is the precision among the first k",
        "That looks at rank k only. Average precision looks at the rank of each relevant item.")),
    (doubles(1.0833333, 0.3333333, 0.5833333), Misconception(
        "averages the precision at every rank",
        "Only the precisions at the ranks of relevant items are averaged: multiply by the hits.")),
    (doubles(1, 0.5, 1), Misconception(
        "ranks begin at 0", "The nearest item has rank 1: torch.arange(1, k + 1).")),
    (doubles(0.5, 0.25, 0.4166667), Misconception(
        "ranks begin at 2", "The nearest item has rank 1: torch.arange(1, k + 1).")),
    (doubles(0.7333333, 0.4166667, 0.5555556), Misconception(
        "ignores k", "Only the first k items of each ranking are looked at.")),
    (doubles(1, 0, 0.5), Misconception(
        "looks at k - 1 ranks", "The first k are [:, :k]: rank k is among them.")),
    (doubles(1, 0.8333333, 0), Misconception(
        "takes the ranks of the items for the items at the ranks",
        "argsort says which item stands at each rank, and so does its slice [:, :k]. Look up "
        "there, with gather, whether it is relevant.")),
    (doubles(0.5833333, 0.5, 1), Misconception(
        "does not rank at all",
        "The items stand in the order of the database: sort the distances first.")),
]  # fmt: skip


@exercise(
    "average_precision_at_k",
    object="course_lib.hashing.precision.average_precision_at_k",
    title="Average precision of the first k, by distance",
    difficulty=3,
    minutes=20,
    hints=(
        "First bring `relevant` into the order of the ranking, and keep the first k columns. The "
        "rest is arithmetic along the rows of this (Q, k) matrix.",
        "distances.argsort(dim=1, stable=True) says which item stands at each rank, "
        "relevant.gather(1, ...) looks up whether it is relevant. hits.cumsum(dim=1) counts the "
        "relevant items up to each rank.",
        "Divide the counts by the ranks 1 to k, in float64, keep the hits, and sum over the rows. "
        "Divide by T, or by 1 where T is 0: clamp(min=1). At last put nan where no item of the "
        "whole row is relevant.",
    ),
)
class TestAveragePrecisionAtK:
    """1/T Σ t / rank_t."""

    @graded(2, "three rankings, worked out by hand")
    def test_three_rankings(self, submission: Submission) -> None:
        expect_tensor(
            submission.call(DISTANCES, RELEVANT, 3),
            shape=(3,),
            what="the average precision",
            misconceptions={(): Misconception(
                "returns one number",
                "Each query has an average precision: (Q,) of them. The mean comes later.")},
        )  # fmt: skip
        expect_close(
            submission.call(DISTANCES, RELEVANT, 3),
            doubles(0.8333333, 0.3333333, 0.5833333),
            what="the average precision",
            given=RANKINGS,
            help="Found are ranks 1, 3, rank 3, and ranks 2, 3; the precisions there are 1/1, 2/3, "
            "then 1/3, then 1/2, 2/3.",
            misconceptions=WRONG_PRECISIONS,
        )

    @graded(2, "equal distances: the order of the database, however many items it has",
            after="test_three_rankings")  # fmt: skip
    def test_ties(self, submission: Submission) -> None:
        expect_close(
            submission.call(TIED, TIED_RELEVANT, 5),
            doubles(0.325, 1, 0.5888889),
            what="the average precision",
            given=f"distances {TIED.tolist()}, relevant {TIED_RELEVANT.long().tolist()}, k=5",
            help=NOT_STABLE.help,
            misconceptions=[
                (doubles(1, 0.325, 0.7555556), Misconception(
                    "puts the last of equally far items first",
                    "Of equally far items that with the smaller index comes first. Turned round, a "
                    "stable sort turns them round, too.")),
                (doubles(1, 1, 0.8055556), Misconception(
                    "puts the relevant of equally far items first",
                    "No search knows what is relevant. Their order is that of the database.")),
                (doubles(1, 1, 0.7777778), Misconception(
                    "lets equally far items share a rank",
                    "In assignment 06 equal similarities shared the better rank. Here each rank "
                    "has one item, as in a list of results: the smaller index comes first.")),
            ],
        )  # fmt: skip
        relevant = torch.zeros(1, 200, dtype=torch.bool)
        relevant[0, [10, 20, 30]] = True
        value = submission.call(torch.full((1, 200), 5, dtype=torch.int16), relevant, 100)
        expected = doubles((1 / 11 + 2 / 21 + 3 / 31) / 3)
        expect_tensor(value, shape=(1,), what="the average precision")
        expect(
            torch.allclose(value.double(), expected, rtol=0, atol=1e-5),
            f"Of 200 items equally far, the items 10, 20 and 30 relevant, the average precision of "
            f"the first 100 should be {float(expected):.6f}: they have ranks 11, 21 and 31. It is "
            f"{float(value):.6f}.",
            misconception=NOT_STABLE,
        )
        distances = torch.full((1, 1500), 30, dtype=torch.int16)
        distances[0, 700] = 3
        expect_close(
            submission.call(distances, distances == 3, 10),
            doubles(1),
            what="the average precision",
            given="1500 items, the relevant one at distance 3, all others at 30, in int16, k=10",
            misconceptions=[(doubles(0), OVERFLOW)],
            help=OVERFLOW.help,
        )

    @graded(1, "0 where none of the first k is relevant, nan where nothing in the row is",
            after="test_three_rankings")  # fmt: skip
    def test_nothing(self, submission: Submission) -> None:
        distances = torch.tensor([[0, 1, 2, 3]] * 3)
        relevant = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]) > 0
        value = expect_tensor(
            submission.call(distances, relevant, 2), shape=(3,), what="the average precision"
        )
        expect_close(value[:1], doubles(1), what="the average precision of a perfect ranking")
        expect(
            float(value[1]) == 0,
            "Where the only relevant item has rank 4 and k is 2, the average precision should be "
            f"0; it is {float(value[1]):.3g}.",
            misconception=Misconception(
                "divides by 0 where none of the first k is relevant",
                "There is something to find, and the ranking does not find it: that is 0. Divide "
                "by T.clamp(min=1).",
            ),
        )
        expect(
            bool(value[2].isnan()),
            "A query without any relevant item has no average precision: it should be nan; it is "
            f"{float(value[2]):.3g}.",
            misconception=Misconception(
                "gives 0 to a query without relevant items",
                "0 would say that the search has failed where there was nothing to find, and would "
                "pull the mean down: put nan there.",
            ),
        )
        expect_close(
            submission.call(torch.tensor([[0, 1]]), torch.tensor([[False, True]]), 2),
            doubles(0.5),
            what="the average precision",
            given="two items, the farther one relevant, k=2",
            misconceptions=[(doubles(0), Misconception(
                "leaves out the last rank when all are asked for",
                "A slice [:-1] ends before the last item. For all ranks k is N: [:, :k]."))],
        )  # fmt: skip

    @graded(1, "divisor: found, possible or relevant items", after="test_three_rankings")
    def test_divisor(self, submission: Submission) -> None:
        for divisor, expected in (
            ("found", doubles(0.8333333, 0.3333333, 0.5833333)),
            ("possible", doubles(0.5555556, 0.1666667, 0.3888889)),
            ("relevant", doubles(0.4166667, 0.1666667, 0.3888889)),
        ):
            expect_close(
                submission.call(DISTANCES, RELEVANT, 3, divisor=divisor),
                expected,
                what="the average precision",
                given=f'{RANKINGS}, divisor="{divisor}"',
                misconceptions=[
                    (doubles(0.8333333, 0.3333333, 0.5833333), Misconception(
                        "ignores divisor",
                        '"found" are the relevant items among the first k, "possible" '
                        'min(k, relevant items), "relevant" all relevant items.')),
                    (doubles(0.5555556, 0.1111111, 0.3888889), Misconception(
                        "takes k for as many as there could be",
                        "Where fewer than k items are relevant, no more than these can be found: "
                        "min(k, relevant items).")),
                ],
            )  # fmt: skip

    @graded(1, "no Python loop", after="test_three_rankings")
    def test_no_loop(self, submission: Submission) -> None:
        def batch(queries: int) -> tuple[torch.Tensor, torch.Tensor, int]:
            distances = torch.arange(8 * queries).view(queries, 8) * 5 % 7
            return distances, distances % 3 == 0, 4

        expect_no_loop(submission, LOOP_OVER_QUERIES)
        expect_same_steps(
            submission.trace(*batch(3)),
            submission.trace(*batch(30)),
            of="the queries",
            sizes=("3", "30"),
            misconception=LOOP_OVER_QUERIES,
        )


LOOP_OVER_QUERIES = Misconception(
    "loops over the queries in Python",
    "Sorting, gather and cumsum take dim=1: they work on the rows of all queries in one call.",
)
