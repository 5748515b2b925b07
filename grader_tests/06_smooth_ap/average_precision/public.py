"""Public tests of average_precision."""

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
from grader_tests.shared.steps import expect_vectorised

SCORES = torch.tensor([[0.9, 0.1, 0.5, 0.7, 0.3], [0.2, 0.8, 0.4, 0.6, 0.1]])
RELEVANT = torch.tensor([[False, True, True, False, True], [True, True, False, False, True]])
TIED = torch.tensor([[0.5, 0.5, 0.25, 0.75], [0.5, 0.25, 0.25, 0.25]])
TIED_RELEVANT = torch.tensor([[False, True, True, False], [False, True, False, False]])


def _row(*values: float) -> torch.Tensor:
    return torch.tensor(values)


WRONG_PRECISIONS = [
    (_row(1.0, 0.8666667), Misconception(
        "ranks the least similar item first",
        "Rank 1 is the most similar item: count the items with a greater similarity, s_j > s_i.")),
    (_row(0.5888889, 0.7555556), Misconception(
        "an item counts as above itself",
        "R(i, S) = 1 + the number of items with a greater similarity. With >= the item itself is "
        "counted, too, and every rank is one too large.")),
    (_row(0.2611111, 0.4833333), Misconception(
        "averages 1/rank",
        "In the numerator stands the rank of the item among the relevant ones: 1 for the first of "
        "them, 2 for the second.")),
    (_row(1 / 3, 1.0), Misconception(
        "looks at the first relevant item only",
        "That is the reciprocal rank. Average precision is a mean over all relevant items.")),
    (_row(0.2866667, 0.42), Misconception(
        "divides by the number of items",
        "The mean is over the relevant items: divide by how many of them there are.")),
    (_row(0.2866667, 0.5866667), Misconception(
        "averages the precision at every item",
        "Only the precisions at the ranks of relevant items are averaged.")),
    (_row(1 / 3, 1 / 3), Misconception(
        "is the precision among the first |P| items",
        "That looks at one rank only. Average precision looks at the rank of each relevant item.")),
    (_row(0.2777778, 0.2777778), Misconception(
        "ranks begin at 0", "The item that nothing stands above has rank 1.")),
    (_row(1.3055556, 0.6833333), Misconception(
        "takes argsort for ranks",
        "argsort says which item stands at a rank. The rank of an item is the inverse of that: "
        "the argsort of the argsort, or a count of the items above it.")),
]  # fmt: skip


@exercise(
    "average_precision",
    object="course_lib.losses.average_precision",
    title="Average precision, of similarities",
    difficulty=2,
    minutes=15,
    hints=(
        "First the rank of every item of every query, as if all were relevant: a (Q, R) matrix.",
        "The rank of an item is 1 + how many items of its row are more similar. A comparison of "
        "every two items of a row, (Q, R, R), summed over its last dimension, counts them.",
        "The same count over relevant items only gives the numerator. Divide, keep the relevant "
        "items, sum over each row and divide by the number of relevant items.",
    ),
)
class TestAveragePrecision:
    """1/|P| Σ R(i, P) / R(i, Ω)."""

    @graded(5, "two rankings, worked out by hand")
    def test_two_rankings(self, submission: Submission) -> None:
        expect_tensor(
            submission.call(SCORES, RELEVANT),
            shape=(2,),
            what="the average precision",
            misconceptions={(): Misconception(
                "returns one number",
                "Each query has an average precision: (Q,) of them. The mean comes later.")},
        )  # fmt: skip
        expect_close(
            submission.call(SCORES, RELEVANT),
            _row(0.4777778, 0.7),
            what="the average precision",
            given="relevant items at ranks 3, 4 and 5 of five, and at ranks 1, 4 and 5",
            help="The precisions there are 1/3, 2/4, 3/5, and 1/1, 2/4, 3/5.",
            misconceptions=WRONG_PRECISIONS,
        )

    @graded(3, "equally similar items share the better rank")
    def test_ties(self, submission: Submission) -> None:
        expect_close(
            submission.call(TIED, TIED_RELEVANT),
            _row(0.5, 0.5),
            what="the average precision",
            given=f"similarities {TIED.tolist()}, relevant {TIED_RELEVANT.tolist()}",
            help="Items count as above only if they are more similar: s_j > s_i.",
            misconceptions=[
                (_row(0.4166667, 0.5), TIES_BY_POSITION),
                (_row(0.4166667, 0.25), TIES_WORSE),
                (_row(0.55, 0.4), WRONG_PRECISIONS[1][1]),
            ],
        )
        first = torch.tensor([[True, False, False, False]])
        expect_close(
            submission.call(torch.ones(1, 4), first.roll(3)),
            _row(1.0),
            what="the average precision",
            given="four equal similarities, the last item relevant",
            misconceptions=[(_row(0.25), TIES_BY_POSITION)],
        )

    @graded(3, "a perfect ranking gives 1, and the worst |P| of R what it should",
            after="test_two_rankings")  # fmt: skip
    def test_best_and_worst(self, submission: Submission) -> None:
        scores = torch.arange(6.0)[None].expand(2, -1).contiguous()
        relevant = torch.tensor([[False] * 4 + [True] * 2, [True] * 2 + [False] * 4])
        expect_close(
            submission.call(scores, relevant),
            _row(1.0, (1 / 5 + 2 / 6) / 2),
            what="the average precision",
            given="two relevant items of six, ranked first and ranked last",
        )

    @graded(2, "nan where nothing is relevant: it is not defined there", after="test_two_rankings")
    def test_nothing_relevant(self, submission: Submission) -> None:
        relevant = torch.stack([RELEVANT[0], torch.zeros(5, dtype=torch.bool)])
        value = expect_tensor(
            submission.call(SCORES, relevant), shape=(2,), what="the average precision"
        )
        expect_close(value[:1], _row(0.4777778), what="the first query's average precision")
        expect(
            bool(value[1].isnan()),
            "A query without any relevant item has no average precision: it should be nan; it is "
            f"{float(value[1]):.3g}.",
            misconception=Misconception(
                "gives 0 to a query without relevant items",
                "0 would say that the ranking is as bad as can be. 0 / 0 in torch is nan: just let "
                "it happen.",
            ),
        )

    @graded(1, "no Python loop", after="test_two_rankings")
    def test_no_loop(self, submission: Submission) -> None:
        def batch(queries: int) -> tuple[torch.Tensor, ...]:
            scores = torch.linspace(0, 1, 4 * queries).view(queries, 4)
            return scores, torch.arange(4 * queries).view(queries, 4) % 2 == 0

        expect_vectorised(submission, batch(3), batch(30))


TIES_BY_POSITION = Misconception(
    "breaks ties by position",
    "A sort puts one of two equally similar items first. Here neither stands above the other: both "
    "have the better rank.",
)
TIES_WORSE = Misconception(
    "equally similar items share the worse rank",
    "With >= an equally similar item stands above. The rank counts greater similarities only.",
)
