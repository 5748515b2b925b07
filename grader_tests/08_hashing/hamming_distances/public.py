"""Public tests of hamming_distances."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, exercise, expect_close, fail, graded
from grader_tests.shared.codes import bytes_of, in_binary
from grader_tests.shared.matrices import matrix
from grader_tests.shared.steps import expect_same_steps_for_codes

LEFT = bytes_of("10000011 00001111", "00000000 11111111")
RIGHT = bytes_of("10000011 00001111", "01000011 11111111", "11111111 00000000")
NOT_SUMMED = Misconception(
    "forgets to sum over the bytes", "The ones of all bytes of a code count: sum over the last."
)


@exercise(
    "hamming_distances",
    object="course_lib.hashing.codes.hamming_distances",
    title="Hamming distances of packed codes",
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
    def test_small_example(self, submission: Submission) -> None:
        expect_close(
            submission.call(LEFT, RIGHT),
            matrix([0, 6, 9], [7, 3, 16]).to(torch.int16),
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
    def test_every_byte(self, submission: Submission) -> None:
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
    def test_long_codes(self, submission: Submission) -> None:
        nothing = torch.zeros(1, 40, dtype=torch.uint8)
        everything = ~nothing
        half = everything.clone()
        half[:, 25:] = 0
        expect_close(
            submission.call(nothing, torch.cat([everything, half, nothing])),
            matrix([320, 200, 0]).to(torch.int16),
            what="the matrix",
            given="codes of 320 bits that differ in all, in 200, and in none",
            misconceptions=[
                (matrix([64, 200, 0]), Misconception(
                    "counts in bytes, which end at 255",
                    "A sum of uint8 may stay uint8: after 255 comes 0. Say the type of the sum, "
                    "dtype=torch.int16.")),
                (matrix([64, -56, 0]), Misconception(
                    "counts in signed bytes, which end at 127",
                    "Say the type of the sum, dtype=torch.int16.")),
            ],
        )  # fmt: skip
        last = torch.zeros(1, 13, dtype=torch.uint8)
        last[:, 12] = 0b0111
        expect_close(
            submission.call(last, torch.cat([nothing[:, :13], ~last])),
            matrix([3, 104]).to(torch.int16),
            what="the matrix",
            given="codes of 13 bytes that differ in 3 bits of the last, and in all bits",
            misconceptions=[(matrix([0, 64]), Misconception(
                "leaves out the bytes that fill no word",
                "Words of eight bytes are quick to compare, but 13 bytes are one word and five "
                "bytes more: fill up with zeros."))],
        )  # fmt: skip

    @graded(1, "as many operations for any number of codes", after="test_small_example")
    def test_steps(self, submission: Submission) -> None:
        def codes(count: int) -> torch.Tensor:
            return (torch.arange(5 * count).view(count, 5) * 37 % 256).to(torch.uint8)

        expect_same_steps_for_codes(submission, (codes(3), codes(4)), (codes(12), codes(20)), 7, 32)


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
    *known_distances(matrix([0, 6, 9], [7, 3, 16]), 16),
    (matrix([0, 2, 2], [2, 1, 2]), Misconception(
        "counts bytes that differ",
        "Two bytes may differ in one bit or in eight: count the ones of x ^ y.")),
    (matrix([0, 432, 139], [371, 67, 510]), Misconception(
        "adds up what XOR gives, as numbers",
        "XOR leaves a 1 for each bit that differs. Count the ones of the byte, do not read it as a "
        "number.")),
    (matrix([7, 6, 3], [4, 8, 0]), Misconception(
        "counts the bits that both have set",
        "AND leaves a 1 where both have one. Where they differ, XOR does: x ^ y.")),
    (matrix([7, 12, 12], [11, 11, 16]), Misconception(
        "counts the bits that either has set",
        "OR leaves a 1 also where both have one. Where they differ, only XOR does: x ^ y.")),
    (matrix([0, 4, 1], [1, 3, 0]), Misconception(
        "compares how many ones the two codes have",
        "Codes with equally many ones may differ in every bit: first XOR, then count.")),
    (matrix([0, 304, 139], [371, 67, 510]), Misconception(
        "subtracts the bytes as numbers",
        "A bit's place in its byte means nothing: each differing bit counts 1. Use XOR.")),
    (matrix([0, 2, 5], [3, 3, 8]), Misconception(
        "looks at the first byte of a code only", NOT_SUMMED.help)),
    (matrix([0, 0, 6], [2, 2, 8]), Misconception(
        "counts the low four bits of a byte only",
        "After counts of pairs and of fours, the two counts of four must be added, too.")),
]  # fmt: skip
