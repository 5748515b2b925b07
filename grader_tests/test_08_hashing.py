"""Public tests of assignment 08, learning to hash."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from autograder.testing.declarations import exercise, graded
from autograder.testing.errors import SubmissionError
from autograder.testing.expectations import (
    Misconception,
    expect,
    expect_close,
    expect_gradient,
    expect_same_steps,
    expect_tensor,
    fail,
)
from autograder.testing.submission import Remote, Submission
from grader_tests.loss_expectations import expect_vectorised

IN_PLACE = Misconception(
    "changes its argument in place",
    "The caller may still need it. Make a new tensor instead of writing into the one given.",
)


def expect_kept(after: object, before: torch.Tensor, name: str) -> None:
    """Fail when a call changed its argument."""
    expect(
        isinstance(after, torch.Tensor) and torch.equal(after, before),
        f"{name} should be as before the call; there are changes.",
        misconception=IN_PLACE,
    )


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

    @graded(1, "the codes have the dtype of the outputs, which stay as they are",
            after="test_sides")  # fmt: skip
    def test_dtype(self, submission):
        for dtype in (torch.float32, torch.float64, torch.float16):
            outputs = OUTPUTS.to(dtype)
            value, (after,) = submission.call(outputs, return_args=True)
            expect_tensor(value, what="the matrix")
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
            expect_kept(after, outputs, "the tensor of outputs")


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
        name = str(packed.dtype).removeprefix("torch.")
        expect(
            packed.dtype is torch.uint8,
            f"the packed codes should be uint8; they are {name}.",
            misconception=Misconception(
                "gives the sums another dtype than bytes have",
                "A sum of small integers is int64 unless told, eight bytes for a byte: say the "
                "type of the sum, dtype=torch.uint8.",
            ),
        )
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
    expect_same_steps(
        submission.trace(*few),
        submission.trace(*many),
        of="the codes",
        sizes=(f"{small} codes", f"{large}"),
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
        expect_close(
            submission.call(LEFT, RIGHT),
            _matrix([0, 6, 9], [7, 3, 16]).to(torch.int16),
            what="the matrix",
            given=f"x: {in_binary(LEFT)}; y: {in_binary(RIGHT)}",
            misconceptions=WRONG_DISTANCES,
            shapes={
                (3, 2): Misconception(
                    "returns the matrix transposed",
                    "Entry (i, j) compares row i of x with row j of y: rows belong to x."),
                (2,): Misconception(
                    "compares row i with row i only",
                    "Every row of x meets every row of y: insert an axis, x[:, None] ^ y."),
                (2, 3, 2): NOT_SUMMED,
            },
        )  # fmt: skip

    @graded(1, "the ones of every byte from 0 to 255 are counted")
    def test_every_byte(self, submission):
        every = torch.arange(256).to(torch.uint8)[:, None]
        ones = torch.tensor([bin(byte).count("1") for byte in range(256)])
        distances = torch.stack([ones, 8 - ones], dim=1).to(torch.int16)
        value = submission.call(every, bytes_of("00000000", "11111111"))
        if isinstance(value, torch.Tensor) and value.shape == (256, 2):
            wrong = (value[:, 0].double() != ones).nonzero()[:, 0].tolist()
            known = (m for matrix, m in known_distances(distances, 8)
                     if torch.equal(value.double(), matrix))  # fmt: skip
            for byte in wrong[:1]:
                fail(
                    f"the byte {byte:08b} differs from 00000000 in {int(ones[byte])} bits; the "
                    f"distance that comes back is {value[byte, 0].item():g}.",
                    misconception=next(known, None),
                    help="Of all bytes only 11111111 is wrong. Where counts come from a table, it "
                    "has 256 entries, for the bytes 0 to 255." if wrong == [255] else "",
                )  # fmt: skip
        expect_close(
            value,
            distances,
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


def known_distances(
    distances: torch.Tensor, n_bits: int
) -> list[tuple[torch.Tensor, Misconception]]:
    """What mistakes give that turn the right distances into other numbers."""
    right = distances.double()
    return [
        (n_bits - right, Misconception(
            "counts the bits that agree", "A distance is 0 between equal codes: use XOR.")),
        (4 * right, Misconception(
            "gives squared distances of the codes",
            "Where codes of -1 and +1 differ, (1 - (-1))² = 4: divide by 4.")),
        (2 * right, Misconception(
            "counts each bit that differs twice",
            "C - ⟨b, b'⟩ is twice the distance, and so is Σ |b - b'| of codes of -1 and +1: divide "
            "by 2.")),
        (n_bits - 2 * right, Misconception(
            "gives inner products",
            "⟨b, b'⟩ = C - 2d for codes of C bits: solve for d.")),
        (right / n_bits, Misconception(
            "gives the share of bits that differ",
            "Give their number: do not divide by the bits.")),
    ]  # fmt: skip


WRONG_DISTANCES = [
    *known_distances(_matrix([0, 6, 9], [7, 3, 16]), 16),
    (_matrix([0, 2, 2], [2, 1, 2]), Misconception(
        "counts bytes that differ",
        "Two bytes may differ in one bit or in eight: count the ones of x ^ y.")),
    (_matrix([0, 432, 139], [371, 67, 510]), Misconception(
        "adds up what XOR gives, as numbers",
        "XOR leaves a 1 for each bit that differs. Count the ones of the byte, do not read it as a "
        "number.")),
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
    (_matrix([0, 2, 5], [3, 3, 8]), Misconception(
        "looks at the first byte of a code only", NOT_SUMMED.help)),
    (_matrix([0, 0, 6], [2, 2, 8]), Misconception(
        "counts the low four bits of a byte only",
        "After counts of pairs and of fours, the two counts of four must be added, too.")),
]  # fmt: skip


# average precision -----------------------------------------------------------------------------

# By rank, relevant is 1 0 1 | 0 1 1 0, 0 0 1 | 1 0 0 0 and 0 1 1 | 0 0 1 0: some more than k, some
# fewer, and none tied.
DISTANCES = torch.tensor(
    [[4, 0, 7, 2, 9, 1, 5], [6, 3, 1, 8, 2, 7, 0], [2, 5, 3, 9, 0, 6, 1]], dtype=torch.int16
)
RELEVANT = torch.tensor([[0, 1, 1, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 1, 1]]) > 0
RANKINGS = "relevant items at ranks 1, 3, 5, 6, at ranks 3, 4, and at ranks 2, 3, 6 of seven; k=3"
TIED = torch.tensor([[3, 3, 3, 3, 3], [3, 3, 3, 3, 3], [1, 0, 1, 0, 1]], dtype=torch.int16)
TIED_RELEVANT = torch.tensor([[0, 0, 0, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 1, 1]]) > 0


def _row(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


BY_K = Misconception(
    "divides by k",
    "The mean is over the relevant items among the first k, not over k ranks: divide by how many "
    "were found.",
)
BY_ALL = Misconception(
    "divides by all relevant items",
    'That is divisor="relevant". By default only those found among the first k are counted.',
)
BY_POSSIBLE = Misconception(
    "divides by as many as there could be",
    'That is divisor="possible". By default the relevant items found among the first k are '
    "counted.",
)
NOT_STABLE = Misconception(
    "does not keep equally far items in order",
    "topk, and a sort that is not stable, leave equal distances in any order, and the result "
    "depends on it. Sort with stable=True, and cut afterwards.",
)
OVERFLOW = Misconception(
    "computes with distances in int16 until they overflow",
    "int16 ends at 32767, and what lies beyond comes back negative, nearer than all others: 30 "
    "times 1500 becomes -20536. A stable sort needs no distances times the number of items; who "
    "multiplies, begins with distances.long().",
)
WRONG_PRECISIONS = [
    (_row(0.5833333, 0, 0.5), Misconception(
        "puts the farthest item first",
        "Rank 1 is the smallest distance: similarities fall along a ranking, distances rise.")),
    (_row(0.5555556, 0.1111111, 0.3888889), BY_K),
    (_row(0.4166667, 0.1666667, 0.3888889), BY_ALL),
    (_row(0.5555556, 0.1666667, 0.3888889), BY_POSSIBLE),
    (_row(0.6666667, 0.3333333, 0.4166667), Misconception(
        "averages 1/rank",
        "The t-th relevant item counts t / rank: over it stands the number of relevant items up to "
        "its rank.")),
    (_row(1, 0.3333333, 0.5), Misconception(
        "looks at the first relevant item only",
        "That is the reciprocal rank. Average precision is a mean over all relevant items found.")),
    (_row(0.6666667, 0.3333333, 0.6666667), Misconception(
        "is the precision among the first k",
        "That looks at rank k only. Average precision looks at the rank of each relevant item.")),
    (_row(1.0833333, 0.3333333, 0.5833333), Misconception(
        "averages the precision at every rank",
        "Only the precisions at the ranks of relevant items are averaged: multiply by the hits.")),
    (_row(1, 0.5, 1), Misconception(
        "ranks begin at 0", "The nearest item has rank 1: torch.arange(1, k + 1).")),
    (_row(0.5, 0.25, 0.4166667), Misconception(
        "ranks begin at 2", "The nearest item has rank 1: torch.arange(1, k + 1).")),
    (_row(0.7333333, 0.4166667, 0.5555556), Misconception(
        "ignores k", "Only the first k items of each ranking are looked at.")),
    (_row(1, 0, 0.5), Misconception(
        "looks at k - 1 ranks", "The first k are [:, :k]: rank k is among them.")),
    (_row(1, 0.8333333, 0), Misconception(
        "takes the ranks of the items for the items at the ranks",
        "argsort says which item stands at each rank, and so does its slice [:, :k]. Look up "
        "there, with gather, whether it is relevant.")),
    (_row(0.5833333, 0.5, 1), Misconception(
        "does not rank at all",
        "The items stand in the order of the database: sort the distances first.")),
]  # fmt: skip


@exercise(
    "average_precision_at_k",
    object="course_lib.hashing.precision.average_precision_at_k",
    title="Average precision of the first k, by distance",
    points=10,
    difficulty=3,
    minutes=20,
    hints=(
        "First bring `relevant` into the order of the ranking, and keep the first k columns. The "
        "rest is arithmetic along the rows of this (Q, k) matrix.",
        "distances.argsort(dim=1, stable=True) says which item stands at each rank, "
        "relevant.gather(1, ...) looks up whether it is relevant. hits.cumsum(dim=1) counts the "
        "relevant items up to each rank.",
        "Divide the counts by the ranks 1 to k, in float64, keep the hits, and sum over the rows. "
        "Divide by T, or by 1 where T is 0: clamp(min=1). At last put nan where no item of the "
        "whole row is relevant.",
    ),
)
class TestAveragePrecisionAtK:
    """1/T Σ t / rank_t."""

    @graded(2, "three rankings, worked out by hand")
    def test_three_rankings(self, submission):
        expect_tensor(
            submission.call(DISTANCES, RELEVANT, 3),
            shape=(3,),
            what="the average precision",
            misconceptions={(): Misconception(
                "returns one number",
                "Each query has an average precision: (Q,) of them. The mean comes later.")},
        )  # fmt: skip
        expect_close(
            submission.call(DISTANCES, RELEVANT, 3),
            _row(0.8333333, 0.3333333, 0.5833333),
            what="the average precision",
            given=RANKINGS,
            help="Found are ranks 1, 3, rank 3, and ranks 2, 3; the precisions there are 1/1, 2/3, "
            "then 1/3, then 1/2, 2/3.",
            misconceptions=WRONG_PRECISIONS,
        )

    @graded(2, "equal distances: the order of the database, however many items it has",
            after="test_three_rankings")  # fmt: skip
    def test_ties(self, submission):
        expect_close(
            submission.call(TIED, TIED_RELEVANT, 5),
            _row(0.325, 1, 0.5888889),
            what="the average precision",
            given=f"distances {TIED.tolist()}, relevant {TIED_RELEVANT.long().tolist()}, k=5",
            help=NOT_STABLE.help,
            misconceptions=[
                (_row(1, 0.325, 0.7555556), Misconception(
                    "puts the last of equally far items first",
                    "Of equally far items that with the smaller index comes first. Turned round, a "
                    "stable sort turns them round, too.")),
                (_row(1, 1, 0.8055556), Misconception(
                    "puts the relevant of equally far items first",
                    "No search knows what is relevant. Their order is that of the database.")),
                (_row(1, 1, 0.7777778), Misconception(
                    "lets equally far items share a rank",
                    "In assignment 06 equal similarities shared the better rank. Here each rank "
                    "has one item, as in a list of results: the smaller index comes first.")),
            ],
        )  # fmt: skip
        relevant = torch.zeros(1, 200, dtype=torch.bool)
        relevant[0, [10, 20, 30]] = True
        value = submission.call(torch.full((1, 200), 5, dtype=torch.int16), relevant, 100)
        expected = _row((1 / 11 + 2 / 21 + 3 / 31) / 3)
        expect_tensor(value, shape=(1,), what="the average precision")
        expect(
            torch.allclose(value.double(), expected, rtol=0, atol=1e-5),
            f"Of 200 items equally far, the items 10, 20 and 30 relevant, the average precision of "
            f"the first 100 should be {float(expected):.6f}: they have ranks 11, 21 and 31. It is "
            f"{float(value):.6f}.",
            misconception=NOT_STABLE,
        )
        distances = torch.full((1, 1500), 30, dtype=torch.int16)
        distances[0, 700] = 3
        expect_close(
            submission.call(distances, distances == 3, 10),
            _row(1),
            what="the average precision",
            given="1500 items, the relevant one at distance 3, all others at 30, in int16, k=10",
            misconceptions=[(_row(0), OVERFLOW)],
            help=OVERFLOW.help,
        )

    @graded(1, "0 where none of the first k is relevant, nan where nothing in the row is",
            after="test_three_rankings")  # fmt: skip
    def test_nothing(self, submission):
        distances = torch.tensor([[0, 1, 2, 3]] * 3)
        relevant = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]) > 0
        value = expect_tensor(
            submission.call(distances, relevant, 2), shape=(3,), what="the average precision"
        )
        expect_close(value[:1], _row(1), what="the average precision of a perfect ranking")
        expect(
            float(value[1]) == 0,
            "Where the only relevant item has rank 4 and k is 2, the average precision should be "
            f"0; it is {float(value[1]):.3g}.",
            misconception=Misconception(
                "divides by 0 where none of the first k is relevant",
                "There is something to find, and the ranking does not find it: that is 0. Divide "
                "by T.clamp(min=1).",
            ),
        )
        expect(
            bool(value[2].isnan()),
            "A query without any relevant item has no average precision: it should be nan; it is "
            f"{float(value[2]):.3g}.",
            misconception=Misconception(
                "gives 0 to a query without relevant items",
                "0 would say that the search has failed where there was nothing to find, and would "
                "pull the mean down: put nan there.",
            ),
        )
        expect_close(
            submission.call(torch.tensor([[0, 1]]), torch.tensor([[False, True]]), 2),
            _row(0.5),
            what="the average precision",
            given="two items, the farther one relevant, k=2",
            misconceptions=[(_row(0), Misconception(
                "leaves out the last rank when all are asked for",
                "A slice [:-1] ends before the last item. For all ranks k is N: [:, :k]."))],
        )  # fmt: skip

    @graded(1, "divisor: found, possible or relevant items", after="test_three_rankings")
    def test_divisor(self, submission):
        for divisor, expected in (
            ("found", _row(0.8333333, 0.3333333, 0.5833333)),
            ("possible", _row(0.5555556, 0.1666667, 0.3888889)),
            ("relevant", _row(0.4166667, 0.1666667, 0.3888889)),
        ):
            expect_close(
                submission.call(DISTANCES, RELEVANT, 3, divisor=divisor),
                expected,
                what="the average precision",
                given=f'{RANKINGS}, divisor="{divisor}"',
                misconceptions=[
                    (_row(0.8333333, 0.3333333, 0.5833333), Misconception(
                        "ignores divisor",
                        '"found" are the relevant items among the first k, "possible" '
                        'min(k, relevant items), "relevant" all relevant items.')),
                    (_row(0.5555556, 0.1111111, 0.3888889), Misconception(
                        "takes k for as many as there could be",
                        "Where fewer than k items are relevant, no more than these can be found: "
                        "min(k, relevant items).")),
                ],
            )  # fmt: skip

    @graded(1, "no Python loop", after="test_three_rankings")
    def test_no_loop(self, submission):
        def batch(queries: int) -> tuple[torch.Tensor, torch.Tensor, int]:
            distances = torch.arange(8 * queries).view(queries, 8) * 5 % 7
            return distances, distances % 3 == 0, 4

        loops = submission.loops()
        expect(not loops, f"No Python loop is needed here; found: {', '.join(loops)}.",
               misconception=LOOP_OVER_QUERIES)  # fmt: skip
        expect_same_steps(
            submission.trace(*batch(3)),
            submission.trace(*batch(30)),
            of="the queries",
            sizes=("3", "30"),
            misconception=LOOP_OVER_QUERIES,
        )


LOOP_OVER_QUERIES = Misconception(
    "loops over the queries in Python",
    "Sorting, gather and cumsum take dim=1: they work on the rows of all queries in one call.",
)


# random hyperplanes ----------------------------------------------------------------------------

MANY = 50_000
# By Hoeffding's inequality, a share of so many independent bits is farther than this from its
# probability in one of 10^10 draws. No test below looks at more than twelve shares.
NEAR = math.sqrt(math.log(2e10) / (2 * MANY))


def fitted(submission: Submission, features: torch.Tensor, **settings: Any) -> Remote:
    """A hasher of the answer, fitted to features."""
    hasher = submission.construct(**settings)
    try:
        value = hasher.call("fit", features)
    except SubmissionError as error:
        if error.not_started or "dtype" not in error.message:
            raise
        fail(f"fit raised {error} for features of {features.dtype}.", misconception=OTHER_DTYPE)
    expect(
        value is not None,
        "fit should return the hasher itself; it returns None.",
        help="Estimators are used as LSH(8).fit(features).transform(features): return self.",
    )
    return hasher


def transformed(hasher: Remote, features: torch.Tensor, n_bits: int) -> torch.Tensor:
    """The codes that a hasher gives, once they are known to be codes."""
    given = f"{len(features)} features of {features.dtype}"
    try:
        value = hasher.call("transform", features)
    except SubmissionError as error:
        if error.not_started:
            raise
        unfitted = "NotFittedError" in error.types
        fail(
            f"after fit, transform should give codes of {given}; it raised "
            f"{str(error).rstrip('.')}.",
            misconception=NO_MEAN
            if unfitted
            else OTHER_DTYPE
            if "dtype" in error.message
            else None,
        )
    codes = expect_tensor(value, shape=(len(features), n_bits), what="the matrix of codes")
    expect(
        set(codes.double().unique().tolist()) <= {-1, 1},
        f"codes should hold -1 and +1; they hold {codes.double().unique().tolist()[:4]}.",
    )
    return expect_tensor(codes, dtype=features.dtype, what="the matrix of codes")


NO_MEAN = Misconception(
    "keeps no mean of the features in fit",
    "transform takes the mean off again, which self._centre(features) keeps as mean_: call it in "
    "fit.",
)
OTHER_DTYPE = Misconception(
    "multiplies numbers of two dtypes",
    "torch.randn draws float32. Features may be float64: give the directions their dtype, with "
    ".to(features).",
)
CUBE = Misconception(
    "draws directions of which some are likelier than others",
    "Random numbers between -1 and 1, or random signs, fill a cube, and a cube reaches farther "
    "along its diagonals. Normally distributed coordinates prefer no direction: torch.randn.",
)
ONE_CORNER = Misconception(
    "draws directions that all point into one corner",
    "torch.rand gives numbers from 0 to 1, so that no direction has a negative coordinate. "
    "torch.randn gives both signs, and prefers no direction.",
)
SAME_BITS = Misconception(
    "repeats bits",
    "Each bit has a hyperplane of its own: n_bits columns of directions, each drawn anew. There "
    "may be more of them than the features have dimensions.",
)
SEED_UNUSED = Misconception(
    "does not draw by its seed",
    "Hand a generator to torch.randn: generator=torch.Generator().manual_seed(self.seed).",
)
OWN_MEAN = Misconception(
    "centres with the mean of what it is given",
    "Codes of the database and of a query must be of one kind: both take off the mean that fit "
    "saw. A single row less its own mean would be 0.",
)
UNCENTRED = Misconception(
    "does not centre the features",
    "The hyperplanes go through the mean of the features. Through 0, which may be far from all of "
    "them, they would leave all on one side.",
)

CENTRED_TWICE = Misconception(
    "takes the mean off twice",
    "What _project is given is centred already: transform has taken the mean off. Taken off once "
    "more, the hyperplanes go through twice the mean.",
)
OFFSET = Misconception(
    "moves the hyperplanes away from the mean",
    "They go through the mean: a product with the directions, and nothing added to it.",
)


def off_centre(hasher: Remote, features: torch.Tensor, n_bits: int) -> Misconception | None:
    """Why hyperplanes do not go through the mean, if the point that they do go through tells.

    Two rows on opposite sides of that point, equally far, differ in every bit.
    """
    draw = torch.Generator().manual_seed(8)
    step = torch.randn(1, features.shape[1], generator=draw, dtype=torch.float64)
    for times, mistake in ((0, UNCENTRED), (2, CENTRED_TWICE)):
        centre = times * features.double().mean(dim=0)
        pair = torch.cat([centre + step, centre - step]).to(features.dtype)
        one, other = transformed(hasher, pair, n_bits)
        if torch.equal(one, -other):
            return mistake
    return None


def opposite_pairs(*pairs: torch.Tensor) -> torch.Tensor:
    """Rows of pairs, and the same turned round, so that the mean of all is 0."""
    rows = torch.cat(pairs)
    return torch.cat([rows, -rows])


def shares(codes: torch.Tensor) -> list[float]:
    """In which share of the bits the rows 0 and 1, 2 and 3, ... of the first half agree."""
    one, two = codes[: len(codes) // 2].view(-1, 2, codes.shape[1]).unbind(dim=1)
    return (one == two).double().mean(dim=1).tolist()


def pair_at(angle: float, first: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Two vectors at an angle: the first, and it turned towards the other, which is orthogonal."""
    return torch.stack([first, math.cos(angle) * first + math.sin(angle) * other])


@exercise(
    "lsh",
    object="course_lib.hashing.baselines.LSH",
    title="Codes by random hyperplanes",
    points=8,
    difficulty=2,
    minutes=15,
    hints=(
        "What Hasher does for you: self._centre(features) keeps the mean and takes it off, and "
        "transform takes the sides of what _project returns. What is left is one matrix.",
        "Each column of a (D, n_bits) matrix is the normal of a hyperplane; the product of a row "
        "with it is positive on one side and negative on the other. All directions are equally "
        "likely when every entry is normally distributed.",
        "fit: centre, draw torch.randn(D, self.n_bits, generator=...) with a generator seeded "
        "with self.seed, keep it as self.directions_ in the features' dtype, return self. "
        "_project: centred @ self.directions_.",
    ),
)
class TestLSH:
    """The sides of random hyperplanes through the mean."""

    @graded(1, "a code of n_bits for each row, each bit from a hyperplane of its own")
    def test_codes(self, submission):
        # More bits than dimensions. Two of 40 hyperplanes divide 400 points alike with
        # probability below 1e-15.
        features = torch.randn(400, 16, generator=torch.Generator().manual_seed(8)) + 2
        hasher = fitted(submission, features, n_bits=40)
        codes = transformed(hasher, features, 40)
        constant = int((codes == codes[0]).all(dim=0).sum())
        expect(
            constant == 0,
            "each bit should be -1 for some of 400 features and +1 for others; "
            f"{constant} of 40 bits are the same for all.",
            misconception=off_centre(hasher, features, 40) if constant < 40 else None,
            help="No bit tells one row from another.",
        )
        alike = (codes.T @ codes).abs() == 400
        expect(
            int(alike.sum()) == 40,
            "no two of 40 bits should be the same, or opposite, for all of 400 features; "
            f"{int((alike.sum(dim=1) > 1).sum())} have such a twin.",
            misconception=SAME_BITS,
        )

    @graded(1, "equal seeds give equal codes, other seeds other codes", after="test_codes")
    def test_seed(self, submission):
        features = torch.randn(50, 6, generator=torch.Generator().manual_seed(8))
        three = fitted(submission, features, n_bits=32, seed=3)
        codes = transformed(three, features, 32)
        expect(
            torch.equal(transformed(three, features, 32), codes),
            "transform should give the same codes each time; the second time it gives others.",
            misconception=Misconception(
                "draws in transform",
                "The hyperplanes are drawn once, in fit, and kept: codes of different hyperplanes "
                "cannot be compared.",
            ),
        )
        submission.seed(5)  # the global generators: the hyperplanes should not care
        again = transformed(fitted(submission, features, n_bits=32, seed=3), features, 32)
        expect(
            torch.equal(again, codes),
            "two hashers with seed=3 should give equal codes; they give different ones.",
            misconception=SEED_UNUSED,
        )
        other = transformed(fitted(submission, features, n_bits=32, seed=4), features, 32)
        expect(
            not torch.equal(other, codes),
            "hashers with seed=3 and seed=4 should give different codes; they give the same.",
            misconception=SEED_UNUSED,
        )

    @graded(2, "two vectors at an angle θ agree in a share 1 - θ/π of the bits",
            after="test_codes")  # fmt: skip
    def test_angles(self, submission):
        angles = (0.3, 1.0, math.pi / 2, 2.5)
        drawn = torch.randn(32, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
        drawn[:, 0] += 1  # so that directions in one corner would show
        first, other = torch.linalg.qr(drawn).Q.T
        features = opposite_pairs(*(pair_at(angle, first, other) for angle in angles)).float()
        codes = transformed(fitted(submission, features, n_bits=MANY), features, MANY)
        directions = torch.rand(32, MANY, generator=torch.Generator().manual_seed(8))
        expect_shares(
            shares(codes),
            angles,
            "in 32 dimensions",
            misconceptions=[(shares(features @ directions >= 0), ONE_CORNER)],
        )

    @graded(1, "every direction is equally likely", after="test_angles")
    def test_directions(self, submission):
        # In the plane a direction shows: eight pairs, turned by an eighth of a half circle each.
        turns = torch.arange(8, dtype=torch.float64) * math.pi / 8
        circle = torch.stack([turns.cos(), turns.sin()], dim=1)
        normals = torch.stack([-turns.sin(), turns.cos()], dim=1)
        pairs = (pair_at(0.5, a, b) for a, b in zip(circle, normals, strict=True))
        features = opposite_pairs(*pairs).float()
        codes = transformed(fitted(submission, features, n_bits=MANY), features, MANY)
        expect_shares(shares(codes), [0.5] * 8, "in the plane", help=CUBE)

    @graded(1, "the hyperplanes go through the mean that fit saw", after="test_codes")
    def test_mean(self, submission):
        # Whole numbers, and a mean of whole 64ths: moving and doubling them is exact.
        features = torch.arange(64 * 5, dtype=torch.float64).view(64, 5) * 7919 % 211
        hasher = fitted(submission, features, n_bits=60)
        codes = transformed(hasher, features, 60)
        for rows, some in (("a row", features[:1]), ("seven rows", features[:7])):
            expect(
                torch.equal(transformed(hasher, some, 60), codes[: len(some)]),
                f"{rows} of 64, alone, should have the codes that they have among the others; the "
                "codes are different.",
                misconception=OWN_MEAN,
            )
        for change, moved in (
            ("1000 is added to all features", features + 1000),
            ("all features are doubled", features * 2),
        ):
            hasher = fitted(submission, moved, n_bits=60)
            same = torch.equal(transformed(hasher, moved, 60), codes)
            expect(
                same,
                f"the codes should stay the same when {change}, in fit and in transform; they "
                "change.",
                misconception=None if same else off_centre(hasher, moved, 60) or OFFSET,
            )

    @graded(1, "global random generators stay as they are", after="test_codes")
    def test_global_generators(self, submission):
        features = torch.randn(30, 5, generator=torch.Generator().manual_seed(8))
        steps = [("fit", (features,)), ("transform", (features,))]
        codes = transformed(fitted(submission, features, n_bits=24, seed=7), features, 24)
        submission.seed(5)  # or the second hasher would find, and leave, what the first one left
        seen = submission.probe("global_random_state", n_bits=24, seed=7, then=steps)
        seen = seen if type(seen) is dict else {}
        expect_close(
            seen.get("value"),
            codes,
            what="the matrix of codes",
            given="a second hasher with the same seed and features",
        )
        changed = seen.get("changed")
        expect(
            changed == [],
            f"global generators should stay as they are; changed: {changed}.",
            misconception=Misconception(
                "changes a global random generator",
                "torch.manual_seed seeds the generator that everybody draws from: a data loader, "
                "dropout, the next experiment. Make one of your own: "
                "torch.Generator().manual_seed(self.seed).",
            ),
        )


def expect_shares(
    found: Sequence[float],
    angles: Sequence[float],
    given: str,
    misconceptions: Sequence[tuple[Sequence[float], Misconception]] = (),
    help: Misconception | None = None,
) -> None:
    """Fail where the share of bits in which two vectors agree is not 1 - θ/π."""
    expected = [1 - angle / math.pi for angle in angles]
    if max(abs(f - e) for f, e in zip(found, expected, strict=True)) <= NEAR:
        return
    known = (m for wrong, m in misconceptions
             if max(abs(f - w) for f, w in zip(found, wrong, strict=True)) <= 2 * NEAR)  # fmt: skip
    if len(set(angles)) == 1:
        angles, expected, given = angles[:1], expected[:1], f"{given}, turned eight ways,"
    fail(
        f"two vectors at an angle of {_listed(angles, 2)} {given} should agree in a share of "
        f"{_listed(expected, 3)} of {MANY} bits, within {NEAR:.3f}; they agree in "
        f"{_listed(found, 3)}.",
        help="A hyperplane separates two vectors at an angle θ with probability θ/π, when all "
        "directions of it are equally likely.",
        misconception=next(known, help),
    )


def _listed(numbers: Sequence[float], digits: int) -> str:
    return ", ".join(f"{number:.{digits}f}" for number in numbers)


# rotations -------------------------------------------------------------------------------------

# V = B P Qᵀ with orthogonal columns in B, so that Bᵀ V = 4 P Qᵀ, and P symmetric, with positive
# eigenvalues: the best rotation is Q. B are the codes of V R, but not those of V.
AXES = torch.tensor(
    [
        [1.05288, 2.15216, 1.0652],
        [0.99448, -0.01664, -1.7708],
        [-1.50392, -0.26544, -0.2068],
        [-0.54344, -1.87008, 0.9124],
    ],
    dtype=torch.float64,
)
FROM = torch.tensor([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]], dtype=torch.float64)
BEST_TURN = torch.tensor(
    [[0.768, -0.51328, 0.38304], [0.576, 0.81504, -0.06272], [-0.28, 0.2688, 0.9216]],
    dtype=torch.float64,
)
MIRROR = torch.tensor([1, 1, -1], dtype=torch.float64)  # times the columns of a rotation
UNMIRRORED = torch.tensor(  # the best for FROM * MIRROR of those with determinant +1
    [
        [0.3946477, 0.6702789, 0.6284743],
        [0.8128366, 0.0642457, -0.5789371],
        [-0.4284262, 0.7393232, -0.5194731],
    ],
    dtype=torch.float64,
)


def _square(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


FACTORS = Misconception(
    "puts the factors of the decomposition together in another way",
    "BᵀV = U Σ Wᵀ gives R = W Uᵀ. torch.linalg.svd returns U, Σ and Wᵀ: transpose the third to "
    "get W, and the first to get Uᵀ.",
)
STRETCHED = Misconception(
    "keeps the singular values",
    "W Σ Uᵀ is VᵀB again, which stretches. A rotation only turns: leave Σ out.",
)
NO_MIRROR = Misconception(
    "allows no rotation that mirrors",
    "R is orthogonal: RᵀR = I. Its determinant may be -1 as well as 1; ITQ starts from either.",
)
WRONG_ROTATIONS = [
    (BEST_TURN.T, Misconception(
        "returns the rotation transposed",
        "Decomposed is BᵀV, and R = W Uᵀ. U Wᵀ turns the other way, and so does W Uᵀ of VᵀB.")),
    (FROM, Misconception(
        "returns the rotation it was given", "With the codes fixed, another rotation is better.")),
    (_square([0.8655629, -0.2055187, 0.4566868], [0.3428307, 0.9079057, -0.2411936],
             [-0.3650588, 0.3653345, 0.8563077]), Misconception(
        "takes the codes of V, not those of V R",
        "The codes B are the sides of the rows as they are turned now: of projected @ rotation.")),
    (_square([0.96, 0.0784, 0.2688], [0, 0.96, -0.28], [-0.28, 0.2688, 0.9216]), Misconception(
        "returns by how much to turn on, not the rotation",
        "Decompose BᵀV with the projected rows V. With V R in its place the result would have to "
        "be applied after R: R times it.")),
    (_square([4.09472, -0.90208, 1.01888], [4.27104, 3.77344, 0.56416],
             [-1.4112, 1.7168, 3.9552]), STRETCHED),
    (_square([4.09472, 4.27104, -1.4112], [-0.90208, 3.77344, 1.7168],
             [1.01888, 0.56416, 3.9552]), STRETCHED),
    (_square([0.6491237, -0.8227423, 0.5887256], [0.2473079, 0.8201526, -0.2677581],
             [-0.202493, 0.0949581, 0.8978605]), Misconception(
        "solves least squares without asking for a rotation",
        "Among all matrices another is nearer, but it changes distances. R must be orthogonal.")),
]  # fmt: skip


def expect_orthogonal(value: Any, size: int, given: str, atol: float = 1e-9) -> torch.Tensor:
    """The matrix, once it is known to turn and not to stretch."""
    rotation = expect_tensor(value, shape=(size, size), what="the rotation")
    off = float((rotation.double().T @ rotation.double() - torch.eye(size)).abs().max())
    expect(
        off <= atol,
        f"RᵀR should be the identity for {given}; it is off by {off:.2g}.",
        help="W Uᵀ is orthogonal because W and U are, also where singular values are 0.",
        misconception=STRETCHED if off > 0.1 else None,
    )
    return rotation


def loss_of(codes: torch.Tensor, projected: torch.Tensor, rotation: torch.Tensor) -> float:
    """‖B - V R‖²."""
    return float((codes - projected @ rotation).square().sum())


def sides_of(rotated: torch.Tensor) -> torch.Tensor:
    """The nearest codes."""
    return torch.where(rotated >= 0, 1, -1).to(rotated)


def least_loss(codes: torch.Tensor, projected: torch.Tensor) -> float:
    """‖B - V R‖² of the best R: ‖B‖² + ‖V‖² - 2 Σ of the singular values."""
    trace = torch.linalg.svdvals(codes.T @ projected).sum()
    return float(codes.square().sum() + projected.square().sum() - 2 * trace)


def turning(count: int, size: int, draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Drawn rows V with mean 0, whose columns vary less and less, and a drawn rotation R."""
    rows = torch.randn(count, size, generator=draw, dtype=torch.float64)
    rows = (rows - rows.mean(dim=0)) / torch.arange(1, size + 1).sqrt()
    drawn = torch.randn(size, size, generator=draw, dtype=torch.float64)
    return rows, torch.linalg.qr(drawn).Q


FURTHER_STEPS = Misconception(
    "takes more than one step",
    "Asked is one step: the codes of the given rotation, and the best rotation for them.",
)


def expect_least(value: Any, projected: torch.Tensor, rotation: torch.Tensor) -> None:
    """Fail unless it is the best rotation for the codes that the given one has."""
    count, size = projected.shape
    given = f"{count} drawn rows of {size} numbers"
    found = expect_orthogonal(value, size, given).to(projected)
    codes = sides_of(projected @ rotation)
    least, loss = least_loss(codes, projected), loss_of(codes, projected, found)
    further = sides_of(projected @ found)
    goes_on = loss_of(further, projected, found) <= least_loss(further, projected) + 1e-8 * loss
    unmirrored = float(torch.linalg.det(codes.T @ projected)) < 0 < float(torch.linalg.det(found))
    expect(
        loss <= least + 1e-8 * loss,
        f"for {given}, ‖B - V R‖² with the codes B of the given rotation should be {least:.6g}, "
        f"the least; it is {loss:.6g}.",
        help=FACTORS.help,
        misconception=FURTHER_STEPS if goes_on else NO_MIRROR if unmirrored else None,
    )


@exercise(
    "itq_rotation_step",
    object="course_lib.hashing.baselines.itq_rotation_step",
    title="One turn of the axes",
    points=10,
    difficulty=3,
    minutes=20,
    hints=(
        "Two halves. The first is an exercise of yours: which codes B are nearest to the rows as "
        "they are turned now, V R? The second asks for another R, with this B fixed.",
        "left, _, right = torch.linalg.svd(B.T @ V) gives U, Σ and Wᵀ of the text: the third is "
        "transposed already. V are the projected rows, not the turned ones.",
        "codes = binarize(projected @ rotation); decompose codes.T @ projected; R = W Uᵀ is "
        "right.T @ left.T. The singular values are not needed.",
    ),
)
class TestITQRotationStep:
    """The best rotation for the codes that the rows have now."""

    @graded(2, "the best rotation of four rows of three numbers")
    def test_four_rows(self, submission):
        value = expect_tensor(
            submission.call(AXES, FROM),
            shape=(3, 3),
            what="the rotation",
            misconceptions={(4, 3): Misconception(
                "returns the turned rows, or their codes",
                "Asked is the rotation itself, (C, C). ITQ applies it.")},
        )  # fmt: skip
        given = f"V {AXES.tolist()} and R {FROM.tolist()}"
        turns = torch.allclose(value.double().T @ value.double(), torch.eye(3).double(), atol=1e-5)
        known = [*WRONG_ROTATIONS, (value, FACTORS)] if turns else WRONG_ROTATIONS
        expect_close(value, BEST_TURN, what="the rotation", given=given, misconceptions=known)

    @graded(1, "a rotation that mirrors is allowed", after="test_four_rows")
    def test_mirror(self, submission):
        expect_close(
            submission.call(AXES, FROM * MIRROR),
            BEST_TURN * MIRROR,
            what="the rotation",
            given=f"V {AXES.tolist()} and R {(FROM * MIRROR).tolist()}",
            misconceptions=[(UNMIRRORED, NO_MIRROR)],
        )

    @graded(1, "an output of 0 has the side +1", after="test_four_rows")
    def test_zero(self, submission):
        rows = _square([3, 0], [0, 1], [-2, -3], [-1, 2])
        expect_close(
            submission.call(rows, torch.eye(2, dtype=torch.float64)),
            _square([0.9863939, 0.1643990], [-0.1643990, 0.9863939]),
            what="the rotation",
            given=f"V {rows.tolist()} and R the identity",
            help="0 has the side +1, as in binarize.",
            misconceptions=[
                (torch.eye(2), Misconception(
                    "leaves a bit 0 where an output is 0, as torch.sign does",
                    "binarize gives every output a side: outputs >= 0.")),
                (_square([0.9863939, -0.1643990], [0.1643990, 0.9863939]), Misconception(
                    "gives -1 to an output of 0", "An output of 0 becomes +1: use >=, not >.")),
            ],
        )  # fmt: skip

    @graded(2, "no other rotation brings rows closer to the codes that they had",
            after="test_four_rows")  # fmt: skip
    def test_least(self, submission):
        for count, size in ((40, 2), (30, 5), (100, 8)):
            projected, rotation = turning(count, size, torch.Generator().manual_seed(8))
            expect_least(submission.call(projected, rotation), projected, rotation)

    @graded(1, "the distance from the codes never rises, step after step", after="test_four_rows")
    def test_steps(self, submission):
        for seed in (1, 2, 3):
            projected, rotation = turning(50, 4, torch.Generator().manual_seed(seed))
            before = loss_of(sides_of(projected @ rotation), projected, rotation)
            for step in range(1, 6):
                given = f"50 drawn rows of 4 numbers, step {step}"
                value = submission.call(projected, rotation)
                rotation = expect_orthogonal(value, 4, given).to(projected)
                after = loss_of(sides_of(projected @ rotation), projected, rotation)
                expect(
                    after <= before + 1e-9 * before,
                    f"‖B - V R‖² should not rise; for {given}, it rises from {before:.6g} to "
                    f"{after:.6g}.",
                    help="Each half finds the best there is with the other fixed.",
                )
                before = after


# asymmetric_loss -------------------------------------------------------------------------------

BATCH = (
    torch.tensor([[0.5, -0.5, 1.0], [-1.0, 0.25, 0.5]], dtype=torch.float64),
    torch.tensor([[-1, -1, 1], [-1, 1, -1], [1, 1, -1], [1, -1, -1]], dtype=torch.float64),
    torch.tensor([[-0.5, 1.0, 1.0, -0.5], [1.0, -0.5, -0.25, -1.0]], dtype=torch.float64),
    torch.tensor([2, 0]),
)
BATCHES_GIVEN = "2 outputs, 4 codes of 3 bits, sample = [2, 0], gamma = 3"
SUM_OF_PAIRS = "The whole bracket, both sums of it, is divided by M N, the number of pairs."
BINARIZED = Misconception("binarizes the outputs", "A step has no gradient: u stays real.")
TWICE_TANH = Misconception(
    "takes tanh of the outputs once more",
    "The network ends with tanh: u is between -1 and 1 already. Taken again, tanh reaches 0.76 at "
    "most.",
)
ALL_CODES = Misconception(
    "compares all codes with the outputs",
    "The second sum is of the sample's rows only: codes[sample] has a row for each output, the "
    "code of its own image.",
)
WRONG_ASYMMETRIC_LOSSES = [
    (5.453125, Misconception(
        "forgets the factor C",
        "Inner products of codes reach from -C to C, similarities from -1 to 1: compare with "
        "C times S.")),
    (3.9427083, Misconception(
        "divides the inner products by C",
        "That is the same aim on another scale, 1/C² of the first sum, and gamma then weighs C² "
        "times as much: multiply S by C instead.")),
    (9.421875, Misconception(
        "takes the first codes in place of the sample's",
        "Output i is of image sample[i] of the database: its own code is codes[sample][i].")),
    (7.921875, Misconception(
        "compares the outputs with their own sides",
        "The second sum holds an output near the code that its image has in the database: "
        "codes[sample].")),
    (7.4296875, Misconception(
        "leaves out the second sum", "gamma weighs how far outputs are from their images' codes.")),
    (8.46875, Misconception("ignores gamma", "The second sum counts gamma times.")),
    (215.2421875, Misconception(
        "ignores the gamma that it is given", "The result is that for gamma = 200.")),
    (84.375, Misconception("does not divide by the number of pairs", SUM_OF_PAIRS)),
    (42.1875, Misconception("divides by the number of outputs only", SUM_OF_PAIRS)),
    (21.09375, Misconception("divides by the number of codes only", SUM_OF_PAIRS)),
    (3.515625, Misconception("divides by the bits, too", SUM_OF_PAIRS)),
    (32.3671875, Misconception("divides the first sum only", SUM_OF_PAIRS)),
    (11.5859375, Misconception("takes a mean of each of the two sums", SUM_OF_PAIRS)),
    (19.8984375, Misconception("takes a mean of each of the two sums", SUM_OF_PAIRS)),
    (4.5, Misconception(
        "sums absolute values", "Both sums are of squares: of each pair's difference, and of all "
        "numbers of v - u.")),
    (8.8906129, Misconception(
        "sums distances in place of their squares", "The second sum is of ‖v - u‖², which is the "
        "sum of the squares of all numbers of v - u.")),
    (16.78125, Misconception("squares gamma", "gamma stands before the square.")),
    (4.3125, Misconception(
        "rewards outputs that are far from their codes", "Both sums are costs: add them.")),
    (13.8515625, BINARIZED), (12.46875, BINARIZED), (11.9296875, BINARIZED),
    (9.6158652, TWICE_TANH), (9.9481916, TWICE_TANH), (10.2145486, TWICE_TANH),
    (5.2734375, Misconception("halves the loss", SUM_OF_PAIRS)),
    (9.703125, Misconception(
        "turns the sign of the similarities", "The inner product of similar images shall be +C.")),
]  # fmt: skip


def cut_off(part: str) -> Misconception:
    """A gradient that lacks one of the two sums."""
    return Misconception(
        f"cuts the {part} sum off from the graph",
        "Outputs stand in both sums, and both teach the network: no detach() on them.",
    )


@exercise(
    "asymmetric_loss",
    object="course_lib.hashing.asymmetric.asymmetric_loss",
    title="The asymmetric loss: outputs of queries against codes of the database",
    points=9,
    difficulty=2,
    minutes=15,
    hints=(
        "All inner products of outputs and codes are one matrix product. What shape does it have, "
        "and what stands beside it?",
        "codes[sample] has a row for each output: the code of its own image.",
        "Sum the squares of outputs @ codes.T - C * similarities, add gamma times the sum of the "
        "squares of codes[sample] - outputs, and divide by M N, the number of similarities.",
    ),
)
class TestAsymmetricLoss:
    """1/(M N) [ Σ (u·v - C S)² + γ Σ ‖v - u‖² ]."""

    @graded(3, "two outputs and four codes, worked out by hand")
    def test_worked_out(self, submission: Submission) -> None:
        try:
            value = submission.call(*BATCH, 3.0)
        except SubmissionError as error:
            # Rows of 4 codes and 2 outputs meet in nothing else.
            if error.not_started or "at non-singleton dimension 0" not in error.message:
                raise
            fail(
                f"the loss should be a number for {BATCHES_GIVEN}; it raised "
                f"{str(error).rstrip('.')}.",
                misconception=ALL_CODES,
            )
        loss = expect_tensor(
            value,
            shape=(),
            what="the loss",
            misconceptions={
                (2, 4): Misconception("returns one cost a pair", "The loss is one number."),
                (2,): Misconception("returns one cost an output", "The loss is one number."),
            },
        )
        expect_close(
            loss,
            torch.tensor(10.546875, dtype=torch.float64),
            what="the loss",
            given=BATCHES_GIVEN,
            help="The first sum should be 59.4375, the second 8.3125; the loss is the first plus "
            "gamma = 3 times the second, over M N = 8.",
            misconceptions=[
                (torch.tensor(value, dtype=torch.float64), mistake)
                for value, mistake in WRONG_ASYMMETRIC_LOSSES
            ],
        )

    @graded(1, "gamma is 200 unless given; with gamma = 0 the first sum stands alone",
            after="test_worked_out")  # fmt: skip
    def test_gamma(self, submission: Submission) -> None:
        for gamma, expected in (((), 215.2421875), ((0.0,), 7.4296875)):
            expect_close(
                submission.call(*BATCH, *gamma),
                torch.tensor(expected, dtype=torch.float64),
                what="the loss",
                given=f"gamma = {gamma[0]:g}" if gamma else "gamma left out",
            )

    @graded(1, "the gradient of the outputs, float64", after="test_worked_out")
    def test_gradient(self, submission: Submission) -> None:
        def rows(*values: list[float]) -> torch.Tensor:
            return torch.tensor(values, dtype=torch.float64)

        _, gradients = submission.vjp(*BATCH, 3.0, wrt=(0,))
        expect_gradient(
            gradients[0],
            rows([-0.375, -4.375, 4.0], [0.0625, 1.5, -1.5625]),
            of="outputs",
            count=8,
            given=BATCHES_GIVEN,
            misconceptions=[
                (rows([0.0, -3.25, 2.5], [0.0625, 0.5625, -1.1875]), cut_off("second")),
                (rows([-0.375, -1.125, 1.5], [0.0, 0.9375, -0.375]), cut_off("first")),
            ],
        )

    @graded(1, "no Python loop over outputs or codes", after="test_worked_out")
    def test_no_loop(self, submission: Submission) -> None:
        outputs, codes, similarities, sample = BATCH
        more = (outputs.repeat(3, 1), codes, similarities.repeat(3, 1), sample.repeat(3))
        expect_vectorised(submission, BATCH, more)


# codes, bit by bit -----------------------------------------------------------------------------

# A tiny problem, in which every usual mistake gives codes of its own; no bit is near a tie.
START = codes_of("001", "111", "101", "111")
TINY_OUTPUTS = torch.tensor([[-0.75, 0.5, -0.25], [0.75, -0.25, 0.25]])
TINY_SAMPLE = torch.tensor([3, 1])
TINY_PRODUCTS = torch.tensor(
    [[0.0, 0.25, 0.0], [-1.125, 0.625, -0.375], [0.0, -0.125, 0.0], [0.0, 0.25, 0.0]]
)
BEST = codes_of("011", "011", "001", "010")
NOT_BITS = Misconception(
    "gives numbers that are no bits", "The side of 0 is the bit: -1 or +1, exactly."
)
ALL_AT_ONCE = Misconception(
    "updates all columns at once",
    "Each column then answers to old values that the others no longer have, and together they may "
    "make things worse. Write a column into the codes before you look at the next.",
)
OWN_COLUMN = Misconception(
    "leaves the own column in, or sweeps more than once",
    "The hats in the formula leave column k out, of the codes and of the outputs: the square of a "
    "bit is 1 whatever the bit, so its old value must have no say in the new one. And one call is "
    "one sweep.",
)
SORTED_SAMPLE = Misconception(
    "sorts the sample",
    "Row i of the outputs is image sample[i], in the order in which the sample comes.",
)
FIRST_ROWS = Misconception(
    "adds the outputs to the first rows",
    "Row i of the outputs belongs to image sample[i]: the rows of Ū are chosen by the sample.",
)
WRONG_UPDATES = [
    (codes_of("011", "010", "010", "010"), ALL_AT_ONCE),
    (codes_of("110", "011", "001", "010"), OWN_COLUMN),
    (codes_of("001", "111", "001", "010"), Misconception(
        "forgets the factor C",
        "Inner products of codes go from -C to C, so the outputs are compared with C times the "
        "similarities: C (Sᵀ U).")),
    (codes_of("011", "110", "001", "010"), Misconception(
        "takes another number for C", "C is the number of bits: codes.shape[1].")),
    (codes_of("011", "010", "001", "010"), Misconception(
        "takes another number for C", "C is the number of bits: codes.shape[1].")),
    (codes_of("010", "011", "001", "110"), FIRST_ROWS),
    (codes_of("011", "010", "001", "111"), SORTED_SAMPLE),
    (codes_of("011", "010", "001", "110"), Misconception(
        "leaves out the second sum",
        "Codes shall be near the outputs of their own images: add gamma Ū.")),
    (codes_of("011", "111", "001", "010"), Misconception(
        "replaces the first sum in the rows of the sample",
        "gamma Ū is added to C (Sᵀ U): an image of the sample also has inner products to keep.")),
    (codes_of("011", "101", "001", "010"), Misconception(
        "does not look at gamma", "200 is its default only; here it is 3.")),
    (codes_of("011", "010", "001", "011"), Misconception(
        "takes half of gamma, or twice",
        "Both sums are squares, and the factor 2 of both is gone: what is added is gamma Ū.")),
    (codes_of("101", "010", "101", "010"), Misconception(
        "adds the part of the other columns",
        "What the other columns have reached already is taken off what is wanted: a minus.")),
    (codes_of("011", "010", "101", "010"), Misconception(
        "looks at no other column",
        "The inner products are sums over all columns; take off what the others contribute.")),
    (codes_of("101", "101", "101", "101"), Misconception(
        "takes the worse side of each bit",
        "What remains of the objective is -2 v a: it is least where v has the sign of a.")),
    (codes_of("111", "010", "000", "010"), Misconception(
        "goes from the last column to the first", "Bit 0 comes first, and later ones see it.")),
    (codes_of("001", "011", "001", "011"), Misconception(
        "stops after the first column", "A sweep visits every column: return after the loop.")),
    (START, Misconception(
        "returns the codes as they were", "Write each column into the codes that you return.")),
]  # fmt: skip


def cost(
    codes: torch.Tensor,
    outputs: torch.Tensor,
    sample: torch.Tensor,
    similarities: torch.Tensor,
    gamma: float,
) -> float:
    """The objective of asymmetric hashing, pair by pair."""
    total = 0.0
    rows, wanted = codes.tolist(), similarities.tolist()
    for i, (output, item) in enumerate(zip(outputs.tolist(), sample.tolist(), strict=True)):
        for j, row in enumerate(rows):
            inner = sum(a * b for a, b in zip(output, row, strict=True))
            total += (inner - len(row) * wanted[i][j]) ** 2
        total += gamma * sum((a - b) ** 2 for a, b in zip(rows[item], output, strict=True))
    return total


def best_bits(codes: torch.Tensor, *problem: Any) -> torch.Tensor:
    """One sweep: for every bit both values are tried, and the one that costs less is kept."""
    codes = codes.clone()
    for k in range(codes.shape[1]):
        for j in range(len(codes)):
            costs = {}
            for bit in (-1.0, 1.0):
                codes[j, k] = bit
                costs[bit] = cost(codes, *problem)
            codes[j, k] = min(costs, key=costs.__getitem__)
    return codes


def drawn_problem(
    draw: torch.Generator, n_items: int, n_outputs: int, n_bits: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Codes, outputs, a sample, and similarities of +1 and -1/3, all float64 but the sample."""
    codes = torch.randint(2, (n_items, n_bits), generator=draw).double() * 2 - 1
    outputs = torch.randn(n_outputs, n_bits, generator=draw, dtype=torch.float64).tanh()
    sample = torch.randperm(n_items, generator=draw)[:n_outputs]
    similar = torch.rand(n_outputs, n_items, generator=draw) < 0.25
    return codes, outputs, sample, torch.where(similar, 1.0, -1 / 3).double()


def expect_bits(
    value: Any, like: torch.Tensor, what: str = "the matrix of new codes"
) -> torch.Tensor:
    """The value, once it is known to be codes of that shape."""
    codes = expect_tensor(value, shape=like.shape, what=what)
    found = codes.double().unique().tolist()
    expect(
        set(found) <= {-1, 0, 1},
        f"{what} should hold -1 and +1; it holds {found[:4]}.",
        misconception=NOT_BITS,
    )
    return codes


@exercise(
    "update_codes",
    object="course_lib.hashing.asymmetric.update_codes",
    title="Codes of the database, bit by bit",
    points=12,
    difficulty=3,
    minutes=25,
    hints=(
        "Which parts of a_k stay the same during the whole sweep, and which part must be computed "
        "anew for each column? Begin with a copy of the codes, and change the copy.",
        "C (Sᵀ U) + gamma Ū is one matrix for all columns; index_add adds outputs to the rows of "
        "the sample. V̂ Ûᵀ U_k is what all columns do together, V Uᵀ U_k, less what column k does "
        "itself.",
        "Make outputs.T @ outputs once. Its column k, times the codes from the left, is V Uᵀ U_k; "
        "column k's own share is that column of the codes times the entry (k, k). torch.where "
        "keeps the old bit where a_k is 0. Write the column into the codes, then go on with the "
        "next.",
    ),
)
class TestUpdateCodes:
    """One sweep over the columns, each the best, given the outputs and all others."""

    @graded(2, "each column in turn is the best, given the outputs and all other columns")
    def test_tiny_example(self, submission):
        value = submission.call(START, TINY_OUTPUTS, TINY_SAMPLE, TINY_PRODUCTS, 3.0)
        expect_close(
            expect_bits(value, BEST),
            BEST,
            what="the matrix of new codes",
            given=f"codes {START.tolist()}, outputs {TINY_OUTPUTS.tolist()}, sample [3, 1], "
            f"products {TINY_PRODUCTS.tolist()}, gamma 3",
            misconceptions=WRONG_UPDATES,
            same_dtype=False,
        )

    @graded(1, "of both values of each bit, the one with the lower objective is taken",
            after="test_tiny_example")  # fmt: skip
    def test_both_values(self, submission):
        for seed, gamma in ((1, 0.0), (2, 0.5), (3, 2.0), (4, 20.0)):
            draw = torch.Generator().manual_seed(seed)
            codes, outputs, sample, similarities = drawn_problem(draw, 5, 3, 4)
            expect_close(
                submission.call(codes, outputs, sample, similarities.T @ outputs, gamma),
                best_bits(codes, outputs, sample, similarities, gamma),
                what="the matrix of new codes",
                given=f"random codes of 5 images, 3 outputs of 4 bits, gamma {gamma:g}",
                help="The expected codes come from trying both values of each bit, column by "
                "column.",
                same_dtype=False,
            )

    @graded(1, "the objective never rises in a sweep", after="test_tiny_example")
    def test_objective(self, submission):
        rises = 0
        for seed in range(20):
            draw = torch.Generator().manual_seed(seed)
            codes, outputs, sample, similarities = drawn_problem(draw, 40, 15, 8)
            products = similarities.T @ outputs
            value = submission.call(codes, outputs, sample, products, 1.0)
            new = expect_bits(value, codes)
            before, after = (
                cost(v, outputs, sample, similarities, 1.0) for v in (codes, new.double())
            )
            rises += after > before + 1e-9
        expect(
            rises == 0,
            "one sweep should never raise the objective (40 images, 15 outputs, 8 bits, random "
            f"codes, gamma 1); it does in {rises} of 20 problems.",
            misconception=ALL_AT_ONCE,
        )

    @graded(1, "a bit's own old value has no say in the new one", after="test_tiny_example")
    def test_own_column(self, submission):
        # With one bit nothing else is left, so that every start leads to the same codes.
        outputs = torch.tensor([[0.75], [-0.5]])
        similarities = torch.tensor([[1, -0.5, -0.5, 1, -0.5], [-0.5, -0.5, 1, 1, -0.5]])
        problem = outputs, torch.tensor([4, 0]), similarities.T @ outputs, 0.25
        best = best_bits(torch.ones(5, 1), outputs, problem[1], similarities, 0.25)
        for start, name in ((-best, "the negative of the best code"), (best, "the best code")):
            expect_close(
                submission.call(start, *problem),
                best,
                what="the matrix of new codes",
                given=f"five images of one bit, started from {name}",
                help=OWN_COLUMN.help,
            )

    @graded(1, "each output draws on the code of its own image, whatever the sample's order",
            after="test_tiny_example")  # fmt: skip
    def test_sample(self, submission):
        draw = torch.Generator().manual_seed(6)
        codes, outputs, _, similarities = drawn_problem(draw, 9, 4, 6)
        sample, products = torch.tensor([8, 5, 3, 0]), similarities.T @ outputs
        huge = expect_bits(submission.call(codes, outputs, sample, products, 1e6), codes)
        expect_close(
            huge[sample],
            outputs.sign(),
            what="the matrix of rows 8, 5, 3 and 0 of the new codes",
            given="the sample [8, 5, 3, 0] and gamma 1000000: the signs of the outputs",
            misconceptions=[(outputs.sign().flip(0), SORTED_SAMPLE)],
            same_dtype=False,
        )
        rest = torch.tensor([1, 2, 4, 6, 7])
        none = expect_bits(submission.call(codes, outputs, sample, products, 0.0), codes)
        expect_close(
            huge[rest],
            none[rest].to(huge.dtype),
            what="the matrix of rows 1, 2, 4, 6 and 7 of the new codes",
            given="gamma 1000000: the same as for gamma 0, because they are not in the sample",
            help=FIRST_ROWS.help,
        )

    @graded(1, "a bit on which nothing depends stays; all others become -1 or +1",
            after="test_tiny_example")  # fmt: skip
    def test_nothing_depends(self, submission):
        codes = codes_of("01", "11", "10", "00")
        value = submission.call(
            codes, torch.ones(1, 2), torch.tensor([0]), torch.full((4, 2), 0.5), 0.0
        )
        expect_close(
            value,
            codes_of("01", "11", "10", "10"),
            what="the matrix of new codes",
            given=f"codes {codes.tolist()}, outputs [[1, 1]], products that are all 0.5, gamma 0 "
            "(a is 1 minus the other bit)",
            misconceptions=[
                (torch.tensor([[0.0, 1], [0, 1], [1, 0], [1, 0]]), Misconception(
                    "leaves a bit 0 where its side is 0",
                    "torch.sign(0) is 0, and that is no bit. Where a is 0, both values cost the "
                    "same: keep the old one.")),
                (codes_of("11", "11", "11", "11"), SIDE_OF_ZERO),
                (codes_of("01", "01", "10", "10"), SIDE_OF_ZERO),
            ],
            same_dtype=False,
        )  # fmt: skip

    @graded(1, "codes, outputs, sample and products stay as they are", after="test_tiny_example")
    def test_arguments(self, submission):
        given = START, TINY_OUTPUTS, TINY_SAMPLE, TINY_PRODUCTS
        value, after = submission.call(*given, 3.0, return_args=True)
        expect_close(
            value, BEST, what="the matrix of new codes", given="the first example once more",
            same_dtype=False,
        )  # fmt: skip
        names = "the old codes", "outputs", "sample", "products"
        for name, one, other in zip(names, after, given, strict=False):
            expect_kept(one, other, name)

    @graded(1, "no Python loop over images", after="test_tiny_example")
    def test_no_loop(self, submission):
        def batch(count: int) -> tuple[Any, ...]:
            draw = torch.Generator().manual_seed(count)
            codes, outputs, sample, similarities = drawn_problem(draw, count, count, 6)
            return codes, outputs, sample, similarities.T @ outputs

        expect_steps(submission, batch(3), batch(30), 3, 30)


SIDE_OF_ZERO = Misconception(
    "sets a bit on which nothing depends",
    "Where a is 0, both values cost the same, and the old one stays: without that, codes could "
    "change for ever without getting better.",
)


# channels that look at each other --------------------------------------------------------------

CHANNELS, HEADS = 6, 2  # so that a head has three channels, and no mistake goes unseen
SIZE = CHANNELS // HEADS
BY_PLACE = [head * SIZE + place for place in range(SIZE) for head in range(HEADS)]
Weights = dict[str, torch.Tensor]


def drawn_weights(draw: torch.Generator, channels: int, num_heads: int) -> Weights:
    """Weights of a channel transformer, float64, by their names in its state dict."""
    weights: Weights = {}
    for name, groups in (("within_heads", num_heads), ("across_heads", channels // num_heads)):
        layer = f"{name}.to_query_key_value"
        weights[f"{layer}.weight"] = torch.randn(
            3 * channels, channels // groups, 1, 1, generator=draw, dtype=torch.float64
        )
        weights[f"{layer}.bias"] = torch.randn(3 * channels, generator=draw, dtype=torch.float64)
    for name in ("weight", "bias", "running_mean"):
        weights[f"norm.{name}"] = torch.randn(channels, generator=draw, dtype=torch.float64)
    spread = torch.rand(channels, generator=draw, dtype=torch.float64)
    return weights | {
        "norm.running_var": spread + 0.5,
        "norm.num_batches_tracked": torch.tensor(0),
    }


def drawn_maps(draw: torch.Generator, *shape: int) -> torch.Tensor:
    """Maps, float64."""
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


def attention(x: torch.Tensor, weights: Weights, name: str, groups: int) -> torch.Tensor:
    """What the given ChannelAttention computes, image by image and group by group."""
    weight = weights[f"{name}.to_query_key_value.weight"].flatten(1)
    bias = weights[f"{name}.to_query_key_value.bias"][:, None]
    size = x.shape[1] // groups
    images = []
    for image in x.flatten(2):
        mixed = []
        for group in range(groups):
            own = slice(group * size, (group + 1) * size)
            rows = slice(3 * own.start, 3 * own.stop)
            query, key, value = (weight[rows] @ image[own] + bias[rows]).split(size)
            scores = query @ key.T / size**0.5
            rooted = scores.sign() * ((scores.abs() + 1e-5).sqrt() - 1e-5**0.5)
            mixed.append(rooted.softmax(dim=1) @ value)
        images.append(torch.cat(mixed))
    return torch.stack(images).view(x.shape)


def normalised(x: torch.Tensor, weights: Weights, training: bool) -> torch.Tensor:
    """Batch normalisation; in training mode it writes into the running statistics of `weights`."""
    mean, var, weight, bias = (
        weights[f"norm.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
    )
    return torch.nn.functional.batch_norm(x, mean, var, weight, bias, training)


def across(turned: torch.Tensor, weights: Weights) -> torch.Tensor:
    """The second attention, of channels that stand place by place."""
    return attention(turned, weights, "across_heads", SIZE)


def put_back(x: torch.Tensor) -> torch.Tensor:
    """Channels that stand place by place, head by head."""
    order = sorted(range(CHANNELS), key=BY_PLACE.__getitem__)
    return x[:, order]


def second_half(y: torch.Tensor, weights: Weights) -> torch.Tensor:
    """Steps 2 to 4 of the notebook, with a Y."""
    return y + put_back(across(y[:, BY_PLACE].relu(), weights))


def transformer(x: torch.Tensor, weights: Weights, training: bool = False) -> torch.Tensor:
    """The output of the whole, for CHANNELS channels in HEADS heads."""
    first = x + attention(x, weights, "within_heads", HEADS)
    return second_half(normalised(first, weights, training), weights)


def wrong_transformers(
    x: torch.Tensor, weights: Weights, training: bool = False
) -> list[tuple[torch.Tensor, Misconception]]:
    """What known mistakes give."""

    def norm(maps: torch.Tensor) -> torch.Tensor:
        return normalised(maps, {name: w.clone() for name, w in weights.items()}, training)

    within = attention(x, weights, "within_heads", HEADS)
    y = norm(x + within)
    turned = y[:, BY_PLACE]
    second = across(turned.relu(), weights)
    wrong_way = put_back(y).relu()
    return [
        (y + second, NOT_PUT_BACK),
        (turned + second, NOT_PUT_BACK),
        (y + second[:, BY_PLACE], Misconception(
            "exchanges heads and places the same way twice",
            "The first time channels stand (G, c), and become (c, G). The second time they stand "
            "(c, G): other numbers for the same step.")),
        (turned + put_back(second), OTHER_ORDER),
        (put_back(second) + y.relu(), AFTER_RELU),
        (y + put_back(across(turned, weights)), Misconception(
            "leaves out the ReLU", "Step 2: after the exchange, ReLU.")),
        (y + put_back(second + turned.relu()), WRONG_RESIDUAL),
        (y + second + turned.relu(), WRONG_RESIDUAL),
        (second + turned.relu(), WRONG_RESIDUAL),
        (put_back(second) + turned.relu(), WRONG_RESIDUAL),
        (x + put_back(second + turned.relu()), WRONG_RESIDUAL),
        (y + across(y.relu(), weights), NOT_EXCHANGED),
        (y + across(y.relu(), weights)[:, BY_PLACE], NOT_EXCHANGED),
        (y + put_back(across(y.relu(), weights)), NOT_EXCHANGED),
        (y + across(wrong_way, weights)[:, BY_PLACE], VIEWED_BY_PLACE),
        (y + put_back(across(wrong_way, weights)), VIEWED_BY_PLACE),
        (y + across(wrong_way, weights), VIEWED_BY_PLACE),
        (second_half(norm(within), weights), Misconception(
            "leaves out the first residual", "Step 1: the attention within the heads *plus its "
            "input*, and only then batch normalisation.")),
        (put_back(second), Misconception(
            "leaves out the second residual", "Step 4: add Y.")),
        (x + put_back(second), Misconception(
            "adds the input where Y is asked",
            "Step 4 adds Y, what the batch normalisation gave.")),
        (second_half(x + within, weights), WRONG_NORM),
        (norm(second_half(x + within, weights)), WRONG_NORM),
        (second_half(x + norm(within), weights), WRONG_NORM),
        (second_half(norm(x) + attention(norm(x), weights, "within_heads", HEADS), weights),
         WRONG_NORM),
        (y + put_back(across(norm((x + within).relu())[:, BY_PLACE], weights)), WRONG_NORM),
        (second_half(norm(x), weights), Misconception(
            "leaves out the attention within the heads", "Step 1: self.within_heads(x) + x.")),
        (y, Misconception(
            "leaves out the attention across the heads", "Steps 2 to 4 are missing.")),
        (transformer(x, {name: w.clone() for name, w in weights.items()}, not training),
         Misconception(
            "changes the mode of the batch normalisation",
            "Statistics of the batch in training mode, running ones in evaluation mode: "
            "nn.BatchNorm2d knows its mode by itself. Call it, and leave train() and eval() to "
            "others.")),
    ]  # fmt: skip


NOT_PUT_BACK = Misconception(
    "does not put the channels back",
    "The second attention gives its channels place by place. They go out as they came in, head by "
    "head, and Y is added in that order.",
)
NOT_EXCHANGED = Misconception(
    "does not exchange heads and places",
    "Before the second attention channel (head h, place p) must stand at (p, h), so that each "
    "group holds one place of all heads. See channels as (G, c) and transpose; another shape alone "
    "moves nothing.",
)
VIEWED_BY_PLACE = Misconception(
    "views the channels as (c, G) where they stand head by head, (G, c)",
    "A view must say how the channels stand: for the first exchange head by head, so that "
    "(G, c) becomes (c, G); for the second place by place, so that (c, G) becomes (G, c).",
)
WRONG_RESIDUAL = Misconception(
    "adds the residual at the wrong place",
    "Step 4 adds Y, once, to what the second attention gives, when its channels are put back. "
    "What goes into the second attention, after the ReLU, is not added again.",
)
WRONG_NORM = Misconception(
    "has the batch normalisation in another place, or nowhere",
    "It comes once, after the first residual: Y = norm(x + attention of x).",
)
OTHER_ORDER = Misconception(
    "adds Y in another order of channels",
    "What is added is put back, head by head, and Y must stand head by head, too: as the "
    "batch normalisation gave it.",
)
AFTER_RELU = Misconception(
    "adds Y after the ReLU",
    "ReLU is for what goes into the second attention; Y itself is added. An in-place ReLU "
    "overwrites Y, also where an exchange is a view of it: use torch.relu.",
)
OTHER_GROUPS = Misconception(
    "gives an attention other groups",
    "The first attention has num_heads groups of C / num_heads channels, the second C / num_heads "
    "groups of num_heads. The constructor is given and needs no change.",
)


def watched(
    submission: Submission,
    maps: list[torch.Tensor],
    weights: Weights,
    *,
    channels: int = CHANNELS,
    num_heads: int = HEADS,
    **settings: Any,
) -> dict[str, Any]:
    """What the probe saw, once the module is known to have these weights."""
    seen = submission.probe(
        "channel_transformer", maps, weights, channels=channels, num_heads=num_heads, **settings
    )
    seen = seen if type(seen) is dict else {}
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    found = seen.get("shapes")
    if found != shapes:
        found = found if type(found) is dict else {}
        name = next((name for name in shapes if found.get(name) != shapes[name]), "")
        fail(
            f"with {channels} channels in {num_heads} heads, {name} should have shape "
            f"{shapes[name]}; it has {found.get(name, 'none')}."
            if name
            else f"the module should have these weights and no others: {', '.join(shapes)}; it "
            f"has {', '.join(map(str, found))}.",
            misconception=OTHER_GROUPS,
        )
    values = seen.get("values")
    expect(type(values) is list and len(values) >= 1, "the module should give an output.")
    return seen


@exercise(
    "channel_transformer",
    object="course_lib.networks.channel_transformer.ChannelTransformer",
    title="Attention within the heads, then across them",
    points=11,
    difficulty=3,
    minutes=25,
    hints=(
        "Write the four steps as four lines, with a name for Y. Which shape do the channels have "
        "when they are seen as heads and places, before and after each exchange?",
        "x.unflatten(1, (G, c)) shows the channels as heads and places, transpose(1, 2) exchanges "
        "them, flatten(1, 2) makes channels of them again. On the way back they stand as (c, G).",
        "y = self.norm(x + self.within_heads(x)); exchange it with (self.num_heads, -1); "
        "self.across_heads of its torch.relu; exchange that with (-1, self.num_heads); add y.",
    ),
)
class TestChannelTransformer:
    """Modules with given weights, compared with loops over images and groups."""

    @graded(2, "attention within the heads, then across them, each with its residual")
    def test_output(self, submission):
        draw = torch.Generator().manual_seed(1)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 2, 3)
        seen = watched(submission, [x], weights)
        expect_tensor(seen["values"][0], shape=x.shape, what="the output")
        expect_close(
            seen["values"][0],
            transformer(x, weights),
            what="the output",
            given="two images with maps of 2 x 3, six channels in two heads, random weights, "
            "evaluation mode",
            misconceptions=wrong_transformers(x, weights),
        )

    @graded(1, "with both attentions giving 0 it is its batch normalisation, whatever the heads")
    def test_zero(self, submission):
        # In one head, or in heads of one channel, an exchange moves nothing and may be a view of Y.
        for heads, given in ((HEADS, ""), (1, ", one head"), (CHANNELS, ", a head for a channel")):
            draw = torch.Generator().manual_seed(2)
            weights, x = drawn_weights(draw, CHANNELS, heads), drawn_maps(draw, 2, CHANNELS, 2, 3)
            for name in weights:
                if "to_query_key_value" in name:
                    weights[name] = torch.zeros_like(weights[name])
            y = normalised(x, weights, training=False)
            expect_close(
                watched(submission, [x], weights, num_heads=heads)["values"][0],
                y,
                what="the output",
                given=f"all weights of both attentions 0{given}",
                misconceptions=[
                    (y[:, BY_PLACE], OTHER_ORDER),
                    (y.relu(), AFTER_RELU),
                    (y + y.relu(), WRONG_RESIDUAL),
                ],
                help="With nothing mixed in, Y is the batch normalisation of the input, and the "
                "output is Y.",
            )

    @graded(1, "in training mode it normalises once, with the statistics of the batch",
            after="test_output")  # fmt: skip
    def test_training(self, submission):
        draw = torch.Generator().manual_seed(3)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 3, CHANNELS, 3, 2)
        mine = {name: weight.clone() for name, weight in weights.items()}
        expected = transformer(x, mine, training=True)
        seen = watched(submission, [x], weights, training=True)
        expect_close(
            seen["values"][0],
            expected,
            what="the output",
            given="three images, training mode",
            misconceptions=wrong_transformers(x, weights, training=True),
        )
        state = seen.get("state")
        passes = state.get("norm.num_batches_tracked") if type(state) is dict else None
        expect_close(
            passes,
            torch.tensor(1),
            what="the number of batches that the batch normalisation has seen",
            given="one batch",
            misconceptions=[(torch.tensor(2), Misconception(
                "normalises twice",
                "Each call of self.norm moves its running statistics: call it once, and keep Y."))],
        )  # fmt: skip
        expect_close(
            state["norm.running_mean"],
            mine["norm.running_mean"],
            what="the vector of running means",
            given="one batch in training mode",
        )

    @graded(1, "shuffling the places of a map shuffles the output alike", after="test_output")
    def test_shuffled(self, submission):
        draw = torch.Generator().manual_seed(4)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 4, 7)
        order = torch.randperm(28, generator=draw)
        shuffled = x.flatten(2)[:, :, order].view(x.shape)
        values = watched(submission, [x, shuffled], weights)["values"]
        expect_tensor(values[0], shape=x.shape, what="the output")
        expect_close(
            values[-1],
            values[0].flatten(2)[:, :, order].view(x.shape),
            what="the output",
            given="maps of 4 x 7 whose places are shuffled: the output before, shuffled alike",
        )

    @graded(1, "in evaluation mode each image is on its own", after="test_output")
    def test_alone(self, submission):
        draw = torch.Generator().manual_seed(5)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 3, CHANNELS, 1, 2)
        values = watched(submission, [x, x[:1], x[1:2]], weights)["values"]
        expect_tensor(values[0], shape=x.shape, what="the output")
        for number, alone in enumerate(values[1:]):
            expect_close(
                alone,
                values[0][number, None],
                what="the output",
                given="one image: what it has among three",
            )

    @graded(1, "gradients reach the input and every weight", after="test_output")
    def test_gradients(self, submission):
        draw = torch.Generator().manual_seed(6)
        weights, x = drawn_weights(draw, CHANNELS, HEADS), drawn_maps(draw, 2, CHANNELS, 2, 3)
        cotangent = drawn_maps(draw, *x.shape)
        trained = {name: weight for name, weight in weights.items()
                   if weight.is_floating_point() and "running" not in name}  # fmt: skip
        seen = watched(submission, [x], weights, cotangent=cotangent).get("gradients")
        seen = seen if type(seen) is dict else {}
        leaves = {"x": x, **trained}
        for leaf in leaves.values():
            leaf.requires_grad_()
        transformer(x, weights).backward(cotangent)
        for name, leaf in leaves.items():
            expect_gradient(
                seen.get(name),
                leaf.grad,
                of=name,
                atol=1e-7,
                given="random weights",
                help="The output is right, so a part of the gradient is lost on the way: look for "
                "detach(), .data and no_grad().",
            )


# information -----------------------------------------------------------------------------------


def columns_of(*columns: str) -> torch.Tensor:
    """Bools, a column for each text of 0 and 1."""
    return torch.tensor([[letter == "1" for letter in column] for column in columns]).T


def signs_of(*columns: str) -> torch.Tensor:
    """Codes, a bit for each text of 0 (for -1) and 1."""
    return columns_of(*columns).float() * 2 - 1


BITS = ("100110100000", "111011010010")
SEEN = ("100011100101", "111001001111", "000111100100")
SEEN_BITS = f"12 images with the bits {BITS} (0 for -1) and the attributes {SEEN}"


def _information(*rows: list[float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


ZERO_LOG_ZERO = Misconception(
    "lets 0 · log 0 spoil the sum",
    "Where no image has both sides, p(x, y) is 0, its logarithm infinite, and their product nan. "
    "Such a term counts 0: torch.xlogy(p, p) is 0 there, where p * log(p) is nan.",
)
NORMALISED = Misconception(
    "divides by an entropy",
    "That gives a share of the entropy. Asked are bits: the sum itself.",
)
CONDITIONAL = Misconception(
    "divides by one of the two shares only",
    "Under p(x, y) stands p(x) p(y), the share that would be there by chance. With one factor "
    "only the sum is a conditional entropy.",
)
SOME_SIDES = Misconception(
    "leaves out some of the four terms",
    "x is -1 or +1, y is no or yes: four terms, also where the bit is not set and where the "
    "attribute is missing.",
)
ONE_TERM_SIGN = Misconception(
    "takes every term for positive",
    "A pair of sides that is rarer than by chance has a negative term, and it belongs to the sum. "
    "Only the sum is never negative.",
)
CORRELATION = Misconception(
    "gives correlations",
    "A correlation has another unit. Count the four pairs of sides, and put their shares into "
    "the formula.",
)
WRONG_INFORMATION = [
    (_information([0.06466, 0.197889, 0.1168581], [0.0143626, 0.007102, 0.0497811]), Misconception(
        "counts in nats, not bits",
        "Natural logarithms give nats. Use log2, or divide by log 2.")),
    (_information([0.0280815, 0.0859421, 0.0507508], [0.0062376, 0.0030844, 0.0216197]),
     Misconception("takes logarithms to base 10", "Bits come from base 2: log2.")),
    (_information([0.1462406, -0.1179198, 0.2119992], [-0.0555981, 0.0414732, -0.0907201]),
     SOME_SIDES),
    (_information([0.2803773, -0.2358396, 0.3932843], [-0.1092528, 0.0853123, -0.1814402]),
     SOME_SIDES),
    (_information([0.1462406, 0, 0.2119992], [0, 0.0414732, 0]), SOME_SIDES),
    (_information([0.2803773, 0, 0.3932843], [0, 0.0853123, 0]), SOME_SIDES),
    (_information([0.0629073, 0.1745615, 0.1101332], [0.0086169, 0.0044078, 0.0310219]),
     SOME_SIDES),
    (_information([0.0424813, 0.110932, 0.0891716], [0.0101605, 0.0034724, 0.0407971]),
     SOME_SIDES),
    (_information([0.5849625, -1.4150375, 0.8479969], [-0.2223924, 0.0995357, -0.5443205]),
     SOME_SIDES),
    (_information([-0.0932846, -0.2854935, -0.1685906], [-0.0207208, -0.0102461, -0.071819]),
     Misconception(
        "has the fraction upside down, or the sign of an entropy",
        "The logarithm is of p(x, y) over p(x) p(y), and there is no minus before the sum.")),
    (_information([1.1194155, 3.425922, 2.0230876], [0.2486501, 0.1229531, 0.8618281]),
     Misconception(
        "weighs with counts in place of shares", "Divide the counts by the number of images.")),
    (_information([-0.5081469, -1.2678326, -0.748791], [-0.088641, -0.0118254, -0.2703915]),
     Misconception(
        "does not weigh the logarithms", "Each logarithm counts p(x, y) times.")),
    (_information([-0.1002094, -0.3245506, -0.1836233], [-0.0209458, -0.0102252, -0.0738462]),
     Misconception(
        "weighs with the shares by chance",
        "Each logarithm counts p(x, y) times: as often as the two sides do meet.")),
    (_information([1.8250112, 1.5510982, 1.729574], [1.9591479, 1.8879185, 1.8879185]),
     Misconception(
        "gives the entropy of the pair",
        "-Σ p(x, y) log p(x, y) is how much both hold together. Divide p(x, y) by p(x) p(y) "
        "first.")),
    (_information([-0.9067154, -0.6328023, -0.8112781], [-0.9792792, -0.9080497, -0.9080497]),
     CONDITIONAL),
    (_information([-0.8250112, -0.6328023, -0.7497052], [-0.9591479, -0.9696227, -0.9080497]),
     CONDITIONAL),
    (_information([0.9067154, 0.6328023, 0.8112781], [0.9792792, 0.9080497, 0.9080497]),
     CONDITIONAL),
    (_information([0.8250112, 0.6328023, 0.7497052], [0.9591479, 0.9696227, 0.9080497]),
     CONDITIONAL),
    (_information([0.0932846, 0.3108949, 0.1720543], [0.0207208, 0.0111577, 0.0732945]),
     NORMALISED),
    (_information([0.1015845, 0.3108949, 0.1835908], [0.0211465, 0.0104566, 0.0732945]),
     NORMALISED),
    (_information([0.0973461, 0.3108949, 0.177729], [0.0209326, 0.0108015, 0.0732945]),
     NORMALISED),
    (_information([0.0972578, 0.3108949, 0.1776354], [0.0209315, 0.0107958, 0.0732945]),
     NORMALISED),
    (_information([0.2803773, 0.5213331, 0.3932843], [0.1299736, 0.0853123, 0.2532592]),
     ONE_TERM_SIGN),
    (_information([0.46747, 0.7571727, 0.6179779], [0.2392264, 0.1603784, 0.4346994]),
     ONE_TERM_SIGN),
    (_information([0.3535534, -0.625, 0.4780914], [-0.1690309, 0.1195229, -0.3142857]),
     CORRELATION),
    (_information([0.3535534, 0.625, 0.4780914], [0.1690309, 0.1195229, 0.3142857]), CORRELATION),
]  # fmt: skip


def expect_numbers(value: Any, shape: tuple[int, ...]) -> torch.Tensor:
    """The matrix, once it is known to be one of numbers."""
    matrix = expect_tensor(
        value,
        shape=shape,
        what="the matrix",
        misconceptions={shape[::-1]: Misconception(
            "returns the matrix transposed",
            "A row is a bit, a column an attribute: (C, A). With bits and attributes as columns "
            "of (N, C) and (N, A), bits.T @ attributes counts so.")},
    )  # fmt: skip
    expect(
        bool(matrix.isfinite().all()),
        f"the matrix should hold numbers; {int((~matrix.isfinite()).sum())} of {matrix.numel()} "
        "are nan or infinite.",
        misconception=ZERO_LOG_ZERO,
    )
    return matrix


@exercise(
    "bit_attribute_information",
    object="course_lib.hashing.attributes.bit_attribute_information",
    title="What a bit tells of an attribute",
    points=6,
    difficulty=3,
    minutes=20,
    hints=(
        "For one bit and one attribute all you need are four counts: images with either side of "
        "the bit, with and without the attribute. How can a matrix product count for all pairs?",
        "With the sides as numbers 0 and 1 in float64, (codes > 0).double().T @ "
        "attributes.double() counts where both are set; the other three counts come likewise. Sums "
        "of two counts give those of a side alone.",
        "Divide by N. For each of the four: torch.xlogy(p, p) - torch.xlogy(p, p_x * p_y), which "
        "is 0 where p is 0. Add them up, divide by log 2, and clamp(min=0) takes off what rounding "
        "leaves below 0.",
    ),
)
class TestBitAttributeInformation:
    """Σ p(x, y) log₂ p(x, y) / (p(x) p(y))."""

    @graded(2, "two bits and three attributes of twelve images, worked out by hand")
    def test_pairs(self, submission):
        value = expect_numbers(submission.call(signs_of(*BITS), columns_of(*SEEN)), (2, 3))
        expect_close(
            value,
            _information([0.0932846, 0.2854935, 0.1685906], [0.0207208, 0.0102461, 0.071819]),
            what="the matrix",
            given=SEEN_BITS,
            misconceptions=WRONG_INFORMATION,
        )

    @graded(1, "a bit that determines an attribute, a rare one, and sides that never change")
    def test_certain(self, submission):
        half, rare, ever = "11110000", "10000000", "11111111"
        value = submission.call(
            signs_of(half, rare, ever), columns_of(half, "00001111", rare, "00000000")
        )
        expect_close(
            expect_numbers(value, (3, 4)),
            _information([1, 1, 0.1379253, 0], [0.1379253, 0.1379253, 0.5435644, 0], [0] * 4),
            what="the matrix",
            given=f"bits {half}, {rare} and {ever}; attributes {half}, 00001111, {rare} and "
            "00000000",
            help="A bit that determines an attribute of half the images tells 1 bit, either way "
            "round; one of an eighth less; one that never changes nothing.",
        )

    @graded(1, "0 without dependence, and nothing below 0", after="test_pairs")
    def test_independent(self, submission):
        # 143 images in 11 rows and 13 columns: the bits know the row only, the attributes the
        # column, so that every pair is independent.
        rows, columns = torch.arange(143) // 13, torch.arange(143) % 13
        codes = torch.where(rows[:, None] < torch.arange(1, 11), 1.0, -1.0)
        value = expect_numbers(submission.call(codes, columns[:, None] < torch.arange(1, 13)),
                               (10, 12))  # fmt: skip
        given = "bits that know the row of an image, and attributes of its column"
        expect_close(value, torch.zeros(10, 12), what="the matrix", given=given, same_dtype=False)
        expect(
            bool((value >= 0).all()),
            f"information should never be below 0; for {given}, {int((value < 0).sum())} of 120 "
            f"are, down to {float(value.min()):.1e}.",
            misconception=Misconception(
                "leaves what rounding leaves below 0",
                "Without rounding the sum is never negative: clamp it at 0.",
            ),
        )

    @graded(1, "as many operations for any number of bits and attributes", after="test_pairs")
    def test_steps(self, submission):
        def batch(bits: int, attributes: int) -> tuple[torch.Tensor, torch.Tensor]:
            codes = torch.arange(9 * bits).view(9, bits) * 7 % 5 % 2 * 2.0 - 1
            return codes, torch.arange(9 * attributes).view(9, attributes) * 5 % 7 % 2 > 0

        expect_same_steps(
            submission.trace(*batch(2, 3)),
            submission.trace(*batch(12, 20)),
            of="the bits and attributes",
            sizes=("2 and 3", "12 and 20"),
            misconception=Misconception(
                "loops over bits or attributes in Python",
                "A matrix product counts for all pairs at once; what follows works on whole "
                "(C, A) matrices.",
            ),
        )
