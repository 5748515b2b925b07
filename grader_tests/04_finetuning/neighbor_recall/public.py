"""Public tests of neighbor_recall."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, exercise, graded
from grader_tests.shared.shares import PADDING_COUNTED, expect_share

# Queries 0 and 10 on a line. Nearest three of 0: items 0, 1, 2; of 10: items 5, 4, 3.
LINE = torch.tensor([[1.0], [2.0], [3.0], [6.0], [7.0], [8.0]])
ENDS = torch.tensor([[0.0], [10.0]])
ORDER_WANTED = Misconception(
    "wants the neighbours in the same order, too",
    "An index is asked which items are near; the order is easily mended. Compare sets, not places.",
)
ANY_NEIGHBOUR = Misconception(
    "counts the queries for which some neighbour was found",
    "That is about queries; here every one of the Q · k neighbours counts.",
)
ALL_NEIGHBOURS = Misconception(
    "counts the queries for which all neighbours were found",
    "That is about queries; here every one of the Q · k neighbours counts.",
)
NEAREST_ONLY = Misconception(
    "looks at the nearest neighbour only", "All k neighbours of the exact search count."
)
SHARE_OF_FOUND = Misconception(
    "divides by the number of items found",
    "That is a precision: an index that finds little would look good. Divide by the Q · k "
    "neighbours that there are.",
)


@exercise(
    "neighbor_recall",
    object="course_lib.evaluation.recall.neighbor_recall",
    title="What an index misses: recall of the nearest neighbours",
    difficulty=3,
    minutes=20,
    hints=(
        "The exact neighbours come from k_nearest(queries, retrieval, k), with k = "
        "found.shape[1]. How far is the k-th of them?",
        "Whatever is no farther than that is one of the k nearest. So you need the distances of "
        "the items found: (queries[:, None] - retrieval[found]).square().sum(dim=2) has shape "
        "(Q, k).",
        "Allow for rounding: found_distances <= kth * (1 + 1e-6). And leave out the places where "
        "found is -1. The rest is the share of True among all Q · k places.",
    ),
)
class TestNeighborRecall:
    """Neighbours on a line, some of them missed."""

    @graded(3, "the share of the exact neighbours that was found")
    def test_line(self, submission: Submission) -> None:
        for found, expected, known in (
            ([[1, 2, 3], [5, 4, 0]], 4 / 6, [(1.0, ANY_NEIGHBOUR), (0.0, ALL_NEIGHBOURS),
                                             (1 / 2, NEAREST_ONLY), (2 / 6, ORDER_WANTED)]),
            ([[0, 1, 2], [2, 1, 0]], 3 / 6, []),
            ([[0, 1, 2], [5, 4, 3]], 1.0, []),
            ([[4, 5, 3], [0, 2, 1]], 0.0, []),
        ):  # fmt: skip
            value = submission.call(ENDS, LINE, torch.tensor(found))
            expect_share(
                value,
                expected,
                given=f"queries at 0 and 10, items at 1, 2, 3, 6, 7 and 8, found {found}",
                known=known,
            )

    @graded(2, "in any order", after="test_line")
    def test_order(self, submission: Submission) -> None:
        found = torch.tensor([[2, 0, 1], [3, 5, 0]])
        expect_share(
            submission.call(ENDS, LINE, found),
            5 / 6,
            given=f"found {found.tolist()}, where [0, 1, 2] and [5, 4, 3] are exact",
            known=[(0.0, ORDER_WANTED), (1 / 6, ORDER_WANTED)],
        )

    @graded(2, "where nothing was found, a neighbour is missed", after="test_line")
    def test_padding(self, submission: Submission) -> None:
        found = torch.tensor([[0, -1, -1], [5, 4, -1]])
        expect_share(
            submission.call(ENDS, LINE, found),
            3 / 6,
            given=f"found {found.tolist()}, filled up with -1",
            help="The last item is none that was found: -1 is no item.",
            known=[(1.0, SHARE_OF_FOUND), (4 / 6, PADDING_COUNTED)],
        )
