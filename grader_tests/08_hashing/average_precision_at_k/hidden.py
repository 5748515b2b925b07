"""Hidden tests of average_precision_at_k."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, graded, hidden_tests
from course_lib.hashing import average_precision_at_k
from grader_tests.shared.arguments import expect_kept


@hidden_tests("average_precision_at_k")
class TestAveragePrecisionAtKHidden:
    """Drawn rankings, compared with the reference."""

    @graded(2, "drawn distances with many ties, every divisor")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        distances = torch.randint(0, 9, (8, 60), generator=draw).to(torch.int16)
        relevant = torch.rand(8, 60, generator=draw) < 0.3
        relevant[:, 0] = True  # each query has something to find
        for k in (1, int(torch.randint(2, 59, (), generator=draw)), 60):
            for divisor in ("found", "possible", "relevant"):
                expect_close(
                    submission.call(distances, relevant, k, divisor=divisor),
                    average_precision_at_k(distances, relevant, k, divisor=divisor),
                    what="the average precision",
                    given=f'eight drawn queries among 60 items, k={k}, divisor="{divisor}"',
                )

    @graded(1, "integers of any kind, few and many relevant; arguments stay as they are")
    def test_kinds(self, submission: Submission, draw: torch.Generator) -> None:
        distances = torch.randint(0, 200, (4, 300), generator=draw)
        relevant = torch.rand(4, 300, generator=draw) < torch.tensor([[0.1], [0.5], [0.9], [1.1]])
        relevant[0, 0] = True
        for dtype in (torch.uint8, torch.int16, torch.int64):
            given = distances.to(dtype)
            value, (after, after_relevant, _) = submission.call(
                given.clone(), relevant.clone(), 10, return_args=True
            )
            expect_close(
                value,
                average_precision_at_k(given, relevant, 10),
                what="the average precision",
                given=f"four drawn queries among 300 items, distances of {dtype}, k=10",
                help="What is computed from the distances may not fit their dtype: it ends at 255 "
                "for uint8, at 32767 for int16. Use .long() first.",
            )
            expect_kept(after, given, "distances")
            expect_kept(after_relevant, relevant, "relevant")
