"""Hidden tests of top_k_accuracy."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, expect_equal, graded, hidden_tests
from course_lib.evaluation import top_k_accuracy
from grader_tests.shared.hidden_search import drawn_search
from grader_tests.shared.shares import expect_share

FARTHEST = Misconception(
    "looks at the farthest items",
    "Distances are sorted from small to large, similarities from large to small.",
)
FIRST_DROPPED = Misconception(
    "throws the nearest item away",
    "Queries are no members of the retrieval set here, so the nearest item is not the query "
    "itself.",
)


@hidden_tests("top_k_accuracy")
class TestTopKAccuracyHidden:
    """Drawn embeddings, compared with the reference."""

    @graded(3, "drawn embeddings, several k")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        search = drawn_search(draw)
        q, query_labels, r, item_labels = search
        ranking = torch.cdist(q.double(), r.double()).argsort(dim=1)
        for k in (1, 3, 5, 20):
            wrong = ((ranking[:, -k:], FARTHEST), (ranking[:, 1 : k + 1], FIRST_DROPPED))
            expect_share(
                submission.call(*search, k),
                top_k_accuracy(*search, k),
                given=f"40 drawn queries, 60 items, k = {k}",
                known=[
                    ((item_labels[n] == query_labels[:, None]).any(1).double().mean().item(), m)
                    for n, m in wrong
                ],
            )

    @graded(1, "an index is asked once, for all queries and k neighbours")
    def test_asked(self, submission: Submission, draw: torch.Generator) -> None:
        search = drawn_search(draw)
        neighbours = torch.randint(-1, 60, (40, 7), generator=draw)
        seen = submission.probe("search_by_index", neighbours, *search, 7)
        labels = torch.where(neighbours < 0, -1, search[3][neighbours])
        hits = (labels == search[1][:, None]).any(dim=1)
        expect_share(seen["value"], hits.double().mean().item(), given="a drawn index, k = 7")
        asked = [(tuple(s["queries"].shape), s["k"]) for s in seen["searches"]]
        expect_equal(
            asked, [((40, 8), 7)], what="the list of searches", given="40 queries of 8 numbers"
        )

    @graded(1, "neighbours on a grid, where many distances are equal")
    def test_ties(self, submission: Submission, draw: torch.Generator) -> None:
        rows = torch.randint(0, 3, (50, 2), generator=draw).double()
        labels = torch.randint(0, 9, (50,), generator=draw)
        search = rows[:20], labels[:20], rows[20:], labels[20:]
        for k in (1, 2, 4):
            expect_share(
                submission.call(*search, k),
                top_k_accuracy(*search, k),
                given=f"20 queries and 30 items on a grid, k = {k}",
                help="Ties go to the item that stands first, as k_nearest has it.",
            )
