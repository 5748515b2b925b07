"""Public tests of top_k_accuracy."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, exercise, graded
from grader_tests.shared.shares import PADDING_COUNTED, expect_share

# Six items on a line; the first query's nearest five are items 0, 1, 2, 3, 4.
ITEMS = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0], [9.0]])
ITEM_LABELS = torch.tensor([7, 4, 4, 8, 7, 5])
QUERIES = torch.tensor([[-1.0], [-1.0], [10.0], [-1.0], [10.0]])
QUERY_LABELS = torch.tensor([7, 4, 5, 5, 1])
# Nearest five of -1: 7 4 4 8 7; of 10: 5 7 8 4 4. Hits: yes, yes, yes, no, no.
ONE_HIT = Misconception(
    "counts how many of the k are right",
    "That is precision. One item of the query's label among the k makes a hit, five make one hit, "
    "too: any(), then the mean over the queries.",
)
ALL_HITS = Misconception(
    "wants all k to be right",
    "One item of the query's label among the k is enough: any(), not all().",
)
FIRST_ONLY = Misconception(
    "looks at the nearest item only", "All k neighbours count: a hit may stand anywhere in them."
)
K_IGNORED = Misconception(
    "always looks at five", "k is an argument; 5 is only what it is when nobody says otherwise."
)
UNANSWERABLE_LEFT_OUT = Misconception(
    "leaves queries out that cannot be answered",
    "A query whose label the retrieval set lacks is a miss. Leaving it out makes a system look "
    "better by making its collection smaller.",
)
INDEX_IGNORED = Misconception(
    "searches exactly although there is an index",
    "With an index, the neighbours are what index.search(query_embeddings, k) found.",
)


@exercise(
    "top_k_accuracy",
    object="course_lib.evaluation.accuracy.top_k_accuracy",
    title="Top-k accuracy, by exact search or by an index",
    difficulty=2,
    minutes=15,
    hints=(
        "First the (Q, k) indices of the neighbours, from k_nearest or from index.search; both "
        "return (squared_distances, indices).",
        "retrieval_labels[nearest] is a (Q, k) table of labels. Compare it with the queries' "
        "labels as a column; any(dim=1) says which queries have a hit.",
        "An index -1 is a place without an item: (nearest >= 0) & (labels are equal). The share of "
        "hits is a plain float: hits.sum().item() / len(hits).",
    ),
)
class TestTopKAccuracy:
    """Labels on a line, and neighbours that an index claims."""

    @graded(4, "the share of five queries that have their label among the five nearest")
    def test_five_queries(self, submission: Submission) -> None:
        value = submission.call(QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS)
        expect_share(
            value,
            3 / 5,
            given="queries at -1, -1, 10, -1 and 10 with labels 7, 4, 5, 5 and 1; items at 0, 1, "
            "2, 3, 4 and 9 with labels 7, 4, 4, 8, 7 and 5",
            help="The five nearest of -1 have labels 7, 4, 4, 8, 7; those of 10 have 5, 7, 8, 4, "
            "4. So the queries are hit, hit, hit, miss, miss.",
            known=[
                ((2 / 5 + 2 / 5 + 1 / 5) / 5, ONE_HIT),
                (0.0, ALL_HITS),
                (2 / 5, FIRST_ONLY),
                (3 / 4, UNANSWERABLE_LEFT_OUT),
                (3 / 3, UNANSWERABLE_LEFT_OUT),
            ],
        )

    @graded(2, "other k", after="test_five_queries")
    def test_other_k(self, submission: Submission) -> None:
        for k, expected, known in (
            (1, 2 / 5, [(3 / 5, K_IGNORED)]),
            (2, 3 / 5, []),
            (6, 4 / 5, [(3 / 5, K_IGNORED)]),
        ):
            value = submission.call(QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, k)
            expect_share(value, expected, given=f"the same queries and items, k = {k}",
                         known=known)  # fmt: skip

    @graded(2, "with an index, what the index found counts", after="test_five_queries")
    def test_index(self, submission: Submission) -> None:
        neighbours = torch.tensor([[3, 5], [0, 1], [1, 2], [5, 3], [4, 0]])
        seen = submission.probe(
            "search_by_index", neighbours, QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, 2
        )
        expect_share(
            seen["value"],
            2 / 5,
            given="an index that finds items [3, 5], [0, 1], [1, 2], [5, 3] and [4, 0], k = 2",
            help="Their labels are 8 5, 7 4, 4 4, 5 8 and 7 7; the queries' are 7, 4, 5, 5, 1.",
            known=[(3 / 5, INDEX_IGNORED)],
        )

    @graded(1, "where an index found nothing, there is no item", after="test_index")
    def test_padding(self, submission: Submission) -> None:
        neighbours = torch.tensor([[1, -1], [3, 1], [-1, -1], [0, -1], [3, -1]])
        seen = submission.probe(
            "search_by_index", neighbours, QUERIES, QUERY_LABELS, ITEMS, ITEM_LABELS, 2
        )
        expect_share(
            seen["value"],
            1 / 5,
            given="an index that finds items [1], [3, 1], none, [0] and [3] for the five queries, "
            "filled up with -1; the last item has label 5, as the third and fourth query have",
            known=[(3 / 5, PADDING_COUNTED)],
        )
