"""Public tests of assignment 08, learning to hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from autograder.student.errors import SubmissionError
from autograder.student.exercise import exercise, graded
from autograder.student.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_tensor,
    fail,
)
from autograder.student.submission import Submission

# binarize --------------------------------------------------------------------------------------

OUTPUTS = torch.tensor([[0.75, -1.25, 0.0, 0.125], [-0.0, 3.0, -0.5, 2.5]])
CODES = torch.tensor([[1.0, -1, 1, 1], [1, 1, -1, 1]])


def _codes(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows)


WRONG_CODES = [
    (_codes([1, -1, 0, 1], [0, 1, -1, 1]), Misconception(
        "leaves a bit 0 where an output is 0, as torch.sign does",
        "A bit that is 0 is half a bit away from +1 and from -1, and no byte can hold it. Compare "
        "with 0 instead: outputs >= 0.")),
    (_codes([1, -1, -1, 1], [-1, 1, -1, 1]), Misconception(
        "gives -1 to an output of 0", "An output of 0 becomes +1: use >=, not >.")),
    (_codes([1, -1, 1, 1], [-1, 1, -1, 1]), Misconception(
        "takes -0.0 for less than 0",
        "The sign bit of -0.0 is set, but -0.0 >= 0 is true: compare, do not read the sign bit.")),
    (_codes([1, 0, 1, 1], [1, 1, 0, 1]), Misconception(
        "gives 0 and 1",
        "A code is -1 or +1: so that the inner product of two codes counts the bits that agree "
        "minus those that differ.")),
    (_codes([-1, 1, -1, -1], [-1, -1, 1, -1]), Misconception(
        "has the two sides the wrong way round", "+1 stands for outputs of at least 0.")),
    (_codes([1, -1, -1, -1], [-1, 1, -1, 1]), Misconception(
        "cuts at 0.5",
        "Outputs are real numbers on both sides of 0, no probabilities: the nearest code changes "
        "at 0.")),
    (_codes([1, -1, 1, -1], [-1, 1, -1, 1]), Misconception(
        "cuts each column where it is on average", "The nearest code changes at 0.")),
    (OUTPUTS.tanh(), Misconception(
        "relaxes the step", "tanh is near a code, and none. Here the step itself is asked for.")),
]  # fmt: skip


@exercise(
    "binarize",
    object="course_lib.hashing.codes.binarize",
    title="The nearest code",
    points=4,
    difficulty=1,
    minutes=5,
    hints=(
        "Each number has two candidates, -1 and +1. Which is nearer, and what if both are equally "
        "near?",
        "torch.where(outputs >= 0, ..., ...) chooses. Where does its result take the dtype from?",
        "Make `ones = torch.ones_like(outputs)` and choose between ones and -ones. The comparison "
        "has no gradient; a tensor made by ones_like has none either.",
    ),
)
class TestBinarize:
    """+1 where an output is at least 0, else -1."""

    @graded(2, "+1 where an output is at least 0, -1 elsewhere; 0 has a side, too")
    def test_sides(self, submission):
        expect_tensor(
            submission.call(OUTPUTS),
            shape=(2, 4),
            what="the matrix",
            misconceptions={(2,): Misconception(
                "gives one number a row", "Every output becomes a bit: (N, C) as before.")},
        )  # fmt: skip
        expect_close(
            submission.call(OUTPUTS),
            CODES,
            what="the matrix",
            given=f"outputs {OUTPUTS.tolist()}",
            misconceptions=WRONG_CODES,
            same_dtype=False,
        )

    @graded(1, "the codes have the dtype of the outputs", after="test_sides")
    def test_dtype(self, submission):
        for dtype in (torch.float32, torch.float64, torch.float16):
            value = expect_tensor(submission.call(OUTPUTS.to(dtype)), what="the matrix")
            expect(
                value.dtype is dtype,
                f"outputs of {dtype} should give codes of {dtype}; they give {value.dtype}.",
                misconception=Misconception(
                    "loses the dtype of the outputs",
                    "torch.where(..., 1.0, -1.0) makes float32 of everything, and a comparison "
                    "makes bools: begin with torch.ones_like(outputs).",
                ),
            )
            expect_close(value, CODES.to(dtype), what="the matrix", given=f"outputs of {dtype}")


# packing ---------------------------------------------------------------------------------------

TWO_BYTES = ("10000011 01000000", "01011111 11110000")
LOOP_OVER_CODES = Misconception(
    "loops over the codes in Python",
    "A million codes would take a million turns. Let a few operations work on all codes: their "
    "number must not grow with the codes.",
)


def codes_of(*rows: str) -> torch.Tensor:
    """Codes of -1 and +1, given as text of 0 and 1 with blanks between the bytes."""
    return torch.tensor([[float(bit) * 2 - 1 for bit in row.replace(" ", "")] for row in rows])


def bytes_of(*rows: str) -> torch.Tensor:
    """Packed codes, given as their bytes in binary."""
    return torch.tensor([[int(byte, 2) for byte in row.split()] for row in rows]).to(torch.uint8)


def in_binary(packed: torch.Tensor) -> str:
    """Packed codes as messages show them: text that `bytes_of` would read; else the numbers."""
    if packed.is_floating_point() or packed.dtype is torch.bool or packed.ndim != 2:
        return str(packed.tolist())
    return " and ".join(" ".join(f"{byte:08b}" for byte in row) for row in packed.tolist())


def expect_packed(
    value: Any,
    expected: torch.Tensor,
    given: str,
    misconceptions: Sequence[tuple[torch.Tensor, Misconception]] = (),
    help: str = "",
) -> None:
    """Fail unless the bytes are the expected ones; the message shows them in binary."""
    packed = expect_tensor(value, what="the packed codes")
    if torch.equal(packed.double(), expected.double()):
        expect_tensor(packed, dtype=torch.uint8, what="the packed codes")
        return
    known = (m for wrong, m in misconceptions if torch.equal(packed.double(), wrong.double()))
    expect_tensor(packed, shape=expected.shape, what="the packed codes", misconceptions=PACKED_AS)
    mistake = next(known, None)
    row = int((packed != expected).any(dim=1).nonzero()[0])
    if len(expected) > 2:
        given, expected, packed = f"row {row} of {given}", expected[row, None], packed[row, None]
    fail(
        f"{given} should give the bytes {in_binary(expected)}; it gives {in_binary(packed)}.",
        misconception=mistake,
        help=help,
    )


PACKED_AS = {
    (2, 16): Misconception(
        "spends a byte on each bit",
        "Eight bits share a byte: the result has an eighth of the columns, rounded up."),
    (1, 16): Misconception(
        "packs the columns", "A row is a code: its own bits share a byte, dim=1 (axis=1)."),
    (4,): Misconception(
        "packs all codes into one row", "A row is a code, and stays one: dim=1 (axis=1)."),
    (1, 1): Misconception(
        "drops the bits that fill no byte",
        "12 bits take 2 bytes: round C / 8 up, and fill the last byte with zeros."),
}  # fmt: skip
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
    points=6,
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
    def test_whole_bytes(self, submission):
        expect_packed(
            submission.call(codes_of(*TWO_BYTES)),
            bytes_of(*TWO_BYTES),
            "two codes of 16 bits",
            misconceptions=WRONG_BYTES,
        )

    @graded(1, "bits that the last byte has left are 0")
    def test_last_byte(self, submission):
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
    def test_kinds(self, submission):
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
                fail(f"{given} should be understood; it raised {error}.", misconception=ONE_KIND)
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
    def test_no_loop(self, submission):
        def batch(count: int) -> torch.Tensor:
            return torch.arange(20 * count).view(count, 20) % 3 - 1

        loops = submission.loops()
        expect(not loops, f"No Python loop is needed here; found: {', '.join(loops)}.",
               misconception=LOOP_OVER_CODES)  # fmt: skip
        expect_steps(submission, (batch(3),), (batch(30),), 3, 30)


ONE_KIND = Misconception(
    "understands -1, +1 only",
    "(codes + 1) / 2 turns -1 and +1 into bits, but not 0 and 1. Compare with 0: codes > 0.",
)


def expect_steps(
    submission: Submission, few: Sequence[Any], many: Sequence[Any], small: int, large: int
) -> None:
    """Fail when more codes take more operations or lines."""
    less, more = submission.trace(*few), submission.trace(*many)
    expect(
        (less.operation_count, less.lines) == (more.operation_count, more.lines),
        f"The number of steps should not depend on the codes: {less.operation_count} tensor "
        f"operations and {less.lines} lines for {small} codes, {more.operation_count} and "
        f"{more.lines} for {large}.",
        misconception=LOOP_OVER_CODES,
    )


# Hamming distances -----------------------------------------------------------------------------

LEFT = bytes_of("10000011 00001111", "00000000 11111111")
RIGHT = bytes_of("10000011 00001111", "01000011 11111111", "11111111 00000000")
NOT_SUMMED = Misconception(
    "forgets to sum over the bytes", "The ones of all bytes of a code count: sum over the last."
)


def _matrix(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows)


@exercise(
    "hamming_distances",
    object="course_lib.hashing.codes.hamming_distances",
    title="Hamming distances of packed codes",
    points=8,
    difficulty=2,
    minutes=15,
    hints=(
        "XOR (^) of two bytes has a 1 where they differ. Insert an axis so that every row of x "
        "meets every row of y: (N, 1, B) and (M, B).",
        "What is left is to count the ones of each byte. np.bitwise_count does; or look them up "
        "in a table of the counts of 0, 1, ..., 255; or add up (differ >> bit) & 1 for eight bits.",
        "Sum the counts over the bytes of a code in a type that does not end at 255: "
        "sum(dim=2, dtype=torch.int16).",
    ),
)
class TestHammingDistances:
    """In how many bits two codes differ."""

    @graded(2, "how many bits differ: every code of x with every one of y")
    def test_small_example(self, submission):
        value = expect_tensor(
            submission.call(LEFT, RIGHT),
            shape=(2, 3),
            what="the matrix",
            misconceptions={
                (3, 2): Misconception(
                    "returns the matrix transposed",
                    "Entry (i, j) compares row i of x with row j of y: rows belong to x."),
                (2,): Misconception(
                    "compares row i with row i only",
                    "Every row of x meets every row of y: insert an axis, x[:, None] ^ y."),
                (2, 3, 2): NOT_SUMMED,
            },
        )  # fmt: skip
        expect_close(
            value,
            _matrix([0, 6, 9], [7, 3, 16]).to(torch.int16),
            what="the matrix",
            given=f"x: {in_binary(LEFT)}; y: {in_binary(RIGHT)}",
            misconceptions=WRONG_DISTANCES,
        )

    @graded(1, "the ones of every byte from 0 to 255 are counted")
    def test_every_byte(self, submission):
        every = torch.arange(256).to(torch.uint8)[:, None]
        ones = torch.tensor([bin(byte).count("1") for byte in range(256)])
        value = expect_tensor(
            submission.call(every, bytes_of("00000000", "11111111")),
            shape=(256, 2),
            what="the matrix",
        )
        for byte in (value[:, 0].double() != ones).nonzero()[:, 0].tolist()[:1]:
            fail(
                f"the byte {byte:08b} differs from 00000000 in {int(ones[byte])} bits; the "
                f"distance that comes back is {value[byte, 0].item():g}.",
                help="A table of counts has 256 entries, for the bytes 0 to 255.",
            )
        expect_close(
            value,
            torch.stack([ones, 8 - ones], dim=1).to(torch.int16),
            what="the matrix",
            given="x: the bytes 0, 1, ..., 255; y: the bytes 0 and 255",
        )

    @graded(1, "long codes, and bytes that fill no word of eight", after="test_small_example")
    def test_long_codes(self, submission):
        nothing = torch.zeros(1, 40, dtype=torch.uint8)
        everything = ~nothing
        half = everything.clone()
        half[:, 25:] = 0
        expect_close(
            submission.call(nothing, torch.cat([everything, half, nothing])),
            _matrix([320, 200, 0]).to(torch.int16),
            what="the matrix",
            given="codes of 320 bits that differ in all, in 200, and in none",
            misconceptions=[
                (_matrix([64, 200, 0]), Misconception(
                    "counts in bytes, which end at 255",
                    "A sum of uint8 may stay uint8: after 255 comes 0. Say the type of the sum, "
                    "dtype=torch.int16.")),
                (_matrix([64, -56, 0]), Misconception(
                    "counts in signed bytes, which end at 127",
                    "Say the type of the sum, dtype=torch.int16.")),
            ],
        )  # fmt: skip
        last = torch.zeros(1, 13, dtype=torch.uint8)
        last[:, 12] = 0b0111
        expect_close(
            submission.call(last, torch.cat([nothing[:, :13], ~last])),
            _matrix([3, 104]).to(torch.int16),
            what="the matrix",
            given="codes of 13 bytes that differ in 3 bits of the last, and in all bits",
            misconceptions=[(_matrix([0, 64]), Misconception(
                "leaves out the bytes that fill no word",
                "Words of eight bytes are quick to compare, but 13 bytes are one word and five "
                "bytes more: fill up with zeros."))],
        )  # fmt: skip

    @graded(1, "as many operations for any number of codes", after="test_small_example")
    def test_steps(self, submission):
        def codes(count: int) -> torch.Tensor:
            return (torch.arange(5 * count).view(count, 5) * 37 % 256).to(torch.uint8)

        expect_steps(submission, (codes(3), codes(4)), (codes(12), codes(20)), 7, 32)


WRONG_DISTANCES = [
    (_matrix([0, 2, 2], [2, 1, 2]), Misconception(
        "counts bytes that differ",
        "Two bytes may differ in one bit or in eight: count the ones of x ^ y.")),
    (_matrix([0, 432, 139], [371, 67, 510]), Misconception(
        "adds up what XOR gives, as numbers",
        "XOR leaves a 1 for each bit that differs. Count the ones of the byte, do not read it as a "
        "number.")),
    (_matrix([16, 10, 7], [9, 13, 0]), Misconception(
        "counts the bits that agree", "A distance is 0 between equal codes: use XOR.")),
    (_matrix([7, 6, 3], [4, 8, 0]), Misconception(
        "counts the bits that both have set",
        "AND leaves a 1 where both have one. Where they differ, XOR does: x ^ y.")),
    (_matrix([7, 12, 12], [11, 11, 16]), Misconception(
        "counts the bits that either has set",
        "OR leaves a 1 also where both have one. Where they differ, only XOR does: x ^ y.")),
    (_matrix([0, 4, 1], [1, 3, 0]), Misconception(
        "compares how many ones the two codes have",
        "Codes with equally many ones may differ in every bit: first XOR, then count.")),
    (_matrix([0, 304, 139], [371, 67, 510]), Misconception(
        "subtracts the bytes as numbers",
        "A bit's place in its byte means nothing: each differing bit counts 1. Use XOR.")),
    (_matrix([0, 24, 36], [28, 12, 64]), Misconception(
        "gives squared distances of the codes",
        "Where codes of -1 and +1 differ, (1 - (-1))² = 4: divide by 4.")),
    (_matrix([0, 12, 18], [14, 6, 32]), Misconception(
        "counts each bit that differs twice",
        "Where codes of -1 and +1 differ, they are 2 apart: divide by 2.")),
    (_matrix([16, 4, -2], [2, 10, -16]), Misconception(
        "gives inner products",
        "⟨b, b'⟩ = C - 2d for codes of C bits: solve for d.")),
    (_matrix([0, 6, 9], [7, 3, 16]) / 16, Misconception(
        "gives the share of bits that differ", "Give their number: do not divide by the bits.")),
    (_matrix([0, 2, 5], [3, 3, 8]), Misconception(
        "looks at the first byte of a code only", NOT_SUMMED.help)),
    (_matrix([0, 0, 6], [2, 2, 8]), Misconception(
        "counts the low four bits of a byte only",
        "After counts of pairs and of fours, the two counts of four must be added, too.")),
]  # fmt: skip
