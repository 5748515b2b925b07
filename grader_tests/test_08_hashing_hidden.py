"""Hidden tests of assignment 08, learning to hash: inputs drawn with the instructor's secret."""

from __future__ import annotations

import torch

from autograder.student.exercise import graded, hidden_tests
from autograder.student.expectations import Misconception, expect, expect_close
from course_lib.hashing import binarize, hamming_distances, pack_codes
from grader_tests.test_08_hashing import expect_packed

IN_PLACE = Misconception(
    "changes its argument in place",
    "The caller may still need it. Make a new tensor instead of writing into the one given.",
)


@hidden_tests("binarize")
class TestBinarizeHidden:
    """Drawn outputs, and autograd."""

    @graded(1, "no gradient flows back; the outputs stay as they are")
    def test_drawn(self, submission, draw):
        outputs = torch.randn(9, 12, generator=draw, dtype=torch.float64)
        outputs[torch.rand(9, 12, generator=draw) < 0.2] = 0
        value, (after,) = submission.call(outputs, return_args=True)
        expect_close(value, binarize(outputs), what="the matrix", given="drawn outputs, some 0")
        expect_kept(after, outputs, "the tensor of outputs")
        value, (gradient,) = submission.vjp(outputs, wrt=(0,))
        expect_close(value, binarize(outputs), what="the matrix", given="outputs with a gradient")
        expect(
            gradient is None,
            "the codes of outputs that require a gradient should not be part of the graph; "
            f"backward() gives a gradient of {_sizes(gradient)} at the outputs.",
            misconception=Misconception(
                "lets autograd through",
                "The derivative of a step is 0 wherever there is one, so a gradient here would be "
                "of no use, or an invented one. Use outputs.detach().",
            ),
        )


def _sizes(gradient: object) -> str:
    if not isinstance(gradient, torch.Tensor):
        return str(gradient)
    return "zeros" if not bool(gradient.any()) else f"up to {float(gradient.abs().max()):.3g}"


def drawn_codes(draw: torch.Generator, count: int, n_bits: int) -> torch.Tensor:
    """Codes of -1 and +1."""
    return torch.randint(2, (count, n_bits), generator=draw).float() * 2 - 1


@hidden_tests("pack_codes")
class TestPackCodesHidden:
    """Drawn codes, compared with the reference."""

    @graded(1, "drawn codes of 1 to 100 bits, and no code at all")
    def test_drawn(self, submission, draw):
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


@hidden_tests("hamming_distances")
class TestHammingDistancesHidden:
    """Drawn codes, compared with the reference."""

    @graded(2, "drawn codes of 1 to 70 bytes")
    def test_drawn(self, submission, draw):
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
    def test_none(self, submission, draw):
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


def expect_kept(after: object, before: torch.Tensor, name: str) -> None:
    """Fail when a call changed its argument."""
    expect(
        isinstance(after, torch.Tensor) and torch.equal(after, before),
        f"{name} should be as before the call; there are changes.",
        misconception=IN_PLACE,
    )
