"""Hidden tests of average_precision."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, graded, hidden_tests
from course_lib.losses import average_precision


@hidden_tests("average_precision")
class TestAveragePrecisionHidden:
    """Drawn rankings, compared with the reference."""

    @graded(4, "drawn similarities, with ties, within 1e-5")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        steps = torch.randint(0, 12, (9, 25), generator=draw)
        relevant = torch.rand(9, 25, generator=draw) < 0.3
        relevant[:, 0] = True  # each query has something to find
        for dtype in (torch.float64, torch.float32):
            scores = steps.to(dtype) / 4 - 1
            expect_close(
                submission.call(scores, relevant),
                average_precision(scores, relevant),
                what="the average precision",
                given="nine drawn queries among 25 items, many equally similar",
            )

    @graded(2, "all, and all but one, of the items relevant")
    def test_extremes(self, submission: Submission, draw: torch.Generator) -> None:
        scores = torch.randn(2, 8, generator=draw, dtype=torch.float64)
        relevant = torch.ones(2, 8, dtype=torch.bool)
        relevant[1, int(torch.randint(8, (), generator=draw))] = False
        expect_close(
            submission.call(scores, relevant),
            average_precision(scores, relevant),
            what="the average precision",
            given="eight items, all relevant, and all but one",
        )
