"""Hidden tests of pack_codes."""

from __future__ import annotations

import torch

from autograder.testing import Submission, graded, hidden_tests
from course_lib.hashing import pack_codes
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.codes import expect_packed
from grader_tests.shared.hidden_codes import drawn_codes


@hidden_tests("pack_codes")
class TestPackCodesHidden:
    """Drawn codes, compared with the reference."""

    @graded(1, "drawn codes of 1 to 100 bits, and no code at all")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for n_bits in (1, 7, 8, 9, 33, 64, 100):
            codes = drawn_codes(draw, 6, n_bits)
            packed, (after,) = submission.call(codes, return_args=True)
            expect_packed(packed, pack_codes(codes), f"six drawn codes of {n_bits} bits")
            expect_kept(after, codes, "the codes")
        expect_packed(
            submission.call(torch.zeros(0, 12)),
            torch.zeros(0, 2, dtype=torch.uint8),
            "no code, of 12 bits,",
        )
