"""Public tests of pack_codes."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, SubmissionError, exercise, fail, graded
from grader_tests.shared.codes import (
    bytes_of,
    codes_of,
    expect_packed,
)
from grader_tests.shared.steps import LOOP_OVER_CODES, expect_no_loop, expect_same_steps_for_codes

TWO_BYTES = ("10000011 01000000", "01011111 11110000")
WRONG_BYTES = [
    (bytes_of("11000001 00000010", "11111010 00001111"), Misconception(
        "puts the first bit lowest",
        "The first bit of eight is the highest: it is worth 128, the next 64, the last 1.")),
    (bytes_of("01000000 10000011", "11110000 01011111"), Misconception(
        "has the bytes of a code in reverse order",
        "The first eight bits are the first byte.")),
    (torch.tensor([[3, 1], [6, 4]]), Misconception(
        "counts the bits", "Each bit has a place of its own in the byte: 128, 64, ..., 1.")),
    (bytes_of("11111111 11111111", "11111111 11111111"), Misconception(
        "takes every number but 0 for a set bit",
        "-1 stands for a bit that is not set. Compare with 0: codes > 0.")),
    (bytes_of("01111100 10111111", "10100000 00001111"), Misconception(
        "sets the bits of -1", "A bit is set where the number is greater than 0.")),
    (torch.tensor([[144, 24], [60, 252]]), Misconception(
        "deals the bits out to the bytes in turns",
        "The first byte has the first eight bits: the codes are seen as (N, bytes, 8).")),
]  # fmt: skip


@exercise(
    "pack_codes",
    object="course_lib.hashing.codes.pack_codes",
    title="Eight bits to a byte",
    difficulty=2,
    minutes=15,
    hints=(
        "Three steps: numbers to bits, bits to groups of eight, each group to one number.",
        "Make a uint8 tensor of zeros that has room for whole bytes, write the bits into its "
        "first C columns, and look at it as (N, bytes, 8).",
        "The places in a byte are worth 128, 64, ..., 1: 2 ** torch.arange(7, -1, -1). Multiply, "
        "and sum over the last dimension, with dtype=torch.uint8.",
    ),
)
class TestPackCodes:
    """The bits of each row, the first highest in the first byte."""

    @graded(2, "eight bits a byte, the first of them highest")
    def test_whole_bytes(self, submission: Submission) -> None:
        expect_packed(
            submission.call(codes_of(*TWO_BYTES)),
            bytes_of(*TWO_BYTES),
            "two codes of 16 bits",
            misconceptions=WRONG_BYTES,
        )

    @graded(1, "bits that the last byte has left are 0")
    def test_last_byte(self, submission: Submission) -> None:
        expect_packed(
            submission.call(codes_of("10110010 1101")),
            bytes_of("10110010 11010000"),
            "the code 10110010 1101, of 12 bits,",
            misconceptions=[
                (bytes_of("00001011 00101101"), Misconception(
                    "fills up in front",
                    "A code begins with its first bit; the zeros come after the last.")),
                (bytes_of("10110010 00001101"), Misconception(
                    "puts the bits of a last byte that is not full lowest in it",
                    "Also there the first bit is worth 128: the zeros come after the last bit.")),
                (bytes_of("10110010 11011111"), Misconception(
                    "sets the bits that the last byte has left",
                    "Fill up with 0.")),
            ],
        )  # fmt: skip
        expect_packed(submission.call(codes_of("011")), bytes_of("01100000"), "a code of 3 bits")

    @graded(1, "codes of -1 and +1, of 0 and 1 and of bools give the same bytes",
            after="test_whole_bytes")  # fmt: skip
    def test_kinds(self, submission: Submission) -> None:
        codes = codes_of("10000011 01000000")
        for given, same in (
            ("the code as numbers 0 and 1", (codes + 1) / 2),
            ("the code as integers 0 and 1", (codes > 0).to(torch.uint8)),
            ("the code as bools", codes > 0),
            ("the code as integers -1 and 1", codes.to(torch.int8)),
        ):
            try:
                value = submission.call(same)
            except SubmissionError as error:
                if error.not_started:
                    raise
                fail(
                    f"{given} should be understood; it raised {str(error).rstrip('.')}.",
                    misconception=ONE_KIND,
                )
            expect_packed(
                value,
                bytes_of("10000011 01000000"),
                given,
                misconceptions=[(bytes_of("11111111 11111111"), Misconception(
                    "takes 0 for a set bit",
                    "0 and 1 are a way to write codes, too. Compare with 0: codes > 0."))],
                help=ONE_KIND.help,
            )  # fmt: skip

    @graded(1, "no Python loop", after="test_whole_bytes")
    def test_no_loop(self, submission: Submission) -> None:
        def batch(count: int) -> torch.Tensor:
            return torch.arange(20 * count).view(count, 20) % 3 - 1

        expect_no_loop(submission, LOOP_OVER_CODES)
        expect_same_steps_for_codes(submission, (batch(3),), (batch(30),), 3, 30)


ONE_KIND = Misconception(
    "understands -1, +1 only",
    "(codes + 1) / 2 turns -1 and +1 into bits, but not 0 and 1. Compare with 0: codes > 0.",
)
