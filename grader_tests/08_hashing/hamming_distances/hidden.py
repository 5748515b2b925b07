"""Hidden tests of hamming_distances."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, graded, hidden_tests
from course_lib.hashing import hamming_distances
from grader_tests.shared.arguments import expect_kept


@hidden_tests("hamming_distances")
class TestHammingDistancesHidden:
    """Drawn codes, compared with the reference."""

    @graded(2, "drawn codes of 1 to 70 bytes")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for n_bytes in (1, 3, 8, 16, 70):
            x, y = (
                torch.randint(256, (n, n_bytes), generator=draw).to(torch.uint8) for n in (9, 7)
            )
            expect_close(
                submission.call(x, y),
                hamming_distances(x, y),
                what="the matrix",
                given=f"drawn codes of {n_bytes} bytes",
            )

    @graded(1, "no codes, and codes that stay as they are")
    def test_none(self, submission: Submission, draw: torch.Generator) -> None:
        x, y = (torch.randint(256, (n, 2), generator=draw).to(torch.uint8) for n in (3, 4))
        value, (after, after_y) = submission.call(x.clone(), y.clone(), return_args=True)
        expect_close(value, hamming_distances(x, y), what="the matrix", given="drawn codes")
        expect_kept(after, x, "x")
        expect_kept(after_y, y, "y")
        for few, many in ((x[:0], y), (x, y[:0])):
            expect_close(
                submission.call(few, many),
                torch.zeros(len(few), len(many), dtype=torch.int16),
                what="the matrix",
                given=f"{len(few)} codes of x and {len(many)} of y",
            )
