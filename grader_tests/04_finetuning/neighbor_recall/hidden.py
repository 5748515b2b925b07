"""Hidden tests of neighbor_recall."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, graded, hidden_tests
from course_lib.evaluation import neighbor_recall
from grader_tests.shared.hidden_search import drawn_search
from grader_tests.shared.shares import expect_share

TIES_COUNTED_AS_MISSES = Misconception(
    "compares ids where distances are equal",
    "Of items at the same distance each is as near as the other, and an index cannot know which of "
    "them your search would name. What is no farther than the k-th neighbour is right.",
)


@hidden_tests("neighbor_recall")
class TestNeighborRecallHidden:
    """Drawn neighbours, compared with the reference; equal distances."""

    @graded(3, "drawn embeddings and an index that misses some")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        q, _, r, _ = drawn_search(draw)
        exact = torch.cdist(q.double(), r.double()).argsort(dim=1)
        for k in (1, 5, 10):
            found = exact[:, : 2 * k]
            mixed = torch.rand(found.shape, generator=draw).argsort(dim=1)[:, :k]
            found = found.gather(1, mixed)
            found[torch.rand(found.shape, generator=draw) < 0.1] = -1
            expect_share(
                submission.call(q, r, found),
                neighbor_recall(q, r, found),
                given=f"40 drawn queries, 60 items, k = {k}",
            )

    @graded(2, "of items at the same distance each is as good as the other")
    def test_ties(self, submission: Submission) -> None:
        # Items 0, 1 and 2 lie at distance 1 of the query, items 3 and 4 at distance 2.
        items = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [2.0, 0.0], [0.0, -2.0]])
        query = torch.zeros(1, 2)
        for found, expected, by_id in (([2, 1], 1.0, 1 / 2), ([2, 3], 1 / 2, 0.0),
                                       ([0, 1, 2, 4], 1.0, 3 / 4)):  # fmt: skip
            expect_share(
                submission.call(query, items, torch.tensor([found])),
                expected,
                given=f"items at distance 1, 1, 1, 2 and 2, found {found}",
                known=[(by_id, TIES_COUNTED_AS_MISSES)],
            )
        copies = torch.tensor([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
        expect_share(
            submission.call(query, copies, torch.tensor([[1]])),
            1.0,
            given="items at distance 0, 0 and 3, found [1]",
        )
