"""Hidden tests of bit_attribute_information."""

from __future__ import annotations

import torch

from autograder.testing import Submission, expect_close, graded, hidden_tests
from course_lib.hashing import bit_attribute_information
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.hidden_codes import drawn_codes


@hidden_tests("bit_attribute_information")
class TestBitAttributeInformationHidden:
    """Drawn codes and attributes, compared with the reference."""

    @graded(1, "drawn bits and attributes, common and rare; either side may be called +1")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        share = torch.rand(9, generator=draw)
        attributes = torch.rand(900, 9, generator=draw) < share
        codes = drawn_codes(draw, 900, 14)
        codes[:, :9] *= torch.where(attributes, 1, codes[:, :9])  # bits that do tell something
        expected = bit_attribute_information(codes, attributes)
        value, (after, after_attributes) = submission.call(codes, attributes, return_args=True)
        for given, found in (
            ("drawn bits and attributes of 900 images", value),
            ("drawn codes in float64", submission.call(codes.double(), attributes)),
            ("drawn bits with -1 and +1 exchanged", submission.call(-codes, attributes)),
            ("drawn attributes, denied", submission.call(codes, ~attributes)),
        ):
            expect_close(
                found,
                expected,
                atol=1e-9,
                what="the matrix",
                given=given,
                help="Count and take logarithms in float64, and add no small number against log 0: "
                "torch.xlogy(p, p) needs none. All four pairs of sides count alike.",
            )
        expect_kept(after, codes, "the matrix of codes")
        expect_kept(after_attributes, attributes, "the matrix of attributes")
