"""Public tests of bit_attribute_information."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_same_steps,
    expect_tensor,
    graded,
)
from grader_tests.shared.matrices import doubles


def columns_of(*columns: str) -> torch.Tensor:
    """Bools, a column for each text of 0 and 1."""
    return torch.tensor([[letter == "1" for letter in column] for column in columns]).T


def signs_of(*columns: str) -> torch.Tensor:
    """Codes, a bit for each text of 0 (for -1) and 1."""
    return columns_of(*columns).float() * 2 - 1


BITS = ("100110100000", "111011010010")
SEEN = ("100011100101", "111001001111", "000111100100")
SEEN_BITS = f"12 images with the bits {BITS} (0 for -1) and the attributes {SEEN}"


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
    (doubles([0.06466, 0.197889, 0.1168581], [0.0143626, 0.007102, 0.0497811]), Misconception(
        "counts in nats, not bits",
        "Natural logarithms give nats. Use log2, or divide by log 2.")),
    (doubles([0.0280815, 0.0859421, 0.0507508], [0.0062376, 0.0030844, 0.0216197]),
     Misconception("takes logarithms to base 10", "Bits come from base 2: log2.")),
    (doubles([0.1462406, -0.1179198, 0.2119992], [-0.0555981, 0.0414732, -0.0907201]),
     SOME_SIDES),
    (doubles([0.2803773, -0.2358396, 0.3932843], [-0.1092528, 0.0853123, -0.1814402]),
     SOME_SIDES),
    (doubles([0.1462406, 0, 0.2119992], [0, 0.0414732, 0]), SOME_SIDES),
    (doubles([0.2803773, 0, 0.3932843], [0, 0.0853123, 0]), SOME_SIDES),
    (doubles([0.0629073, 0.1745615, 0.1101332], [0.0086169, 0.0044078, 0.0310219]),
     SOME_SIDES),
    (doubles([0.0424813, 0.110932, 0.0891716], [0.0101605, 0.0034724, 0.0407971]),
     SOME_SIDES),
    (doubles([0.5849625, -1.4150375, 0.8479969], [-0.2223924, 0.0995357, -0.5443205]),
     SOME_SIDES),
    (doubles([-0.0932846, -0.2854935, -0.1685906], [-0.0207208, -0.0102461, -0.071819]),
     Misconception(
        "has the fraction upside down, or the sign of an entropy",
        "The logarithm is of p(x, y) over p(x) p(y), and there is no minus before the sum.")),
    (doubles([1.1194155, 3.425922, 2.0230876], [0.2486501, 0.1229531, 0.8618281]),
     Misconception(
        "weighs with counts in place of shares", "Divide the counts by the number of images.")),
    (doubles([-0.5081469, -1.2678326, -0.748791], [-0.088641, -0.0118254, -0.2703915]),
     Misconception(
        "does not weigh the logarithms", "Each logarithm counts p(x, y) times.")),
    (doubles([-0.1002094, -0.3245506, -0.1836233], [-0.0209458, -0.0102252, -0.0738462]),
     Misconception(
        "weighs with the shares by chance",
        "Each logarithm counts p(x, y) times: as often as the two sides do meet.")),
    (doubles([1.8250112, 1.5510982, 1.729574], [1.9591479, 1.8879185, 1.8879185]),
     Misconception(
        "gives the entropy of the pair",
        "-Σ p(x, y) log p(x, y) is how much both hold together. Divide p(x, y) by p(x) p(y) "
        "first.")),
    (doubles([-0.9067154, -0.6328023, -0.8112781], [-0.9792792, -0.9080497, -0.9080497]),
     CONDITIONAL),
    (doubles([-0.8250112, -0.6328023, -0.7497052], [-0.9591479, -0.9696227, -0.9080497]),
     CONDITIONAL),
    (doubles([0.9067154, 0.6328023, 0.8112781], [0.9792792, 0.9080497, 0.9080497]),
     CONDITIONAL),
    (doubles([0.8250112, 0.6328023, 0.7497052], [0.9591479, 0.9696227, 0.9080497]),
     CONDITIONAL),
    (doubles([0.0932846, 0.3108949, 0.1720543], [0.0207208, 0.0111577, 0.0732945]),
     NORMALISED),
    (doubles([0.1015845, 0.3108949, 0.1835908], [0.0211465, 0.0104566, 0.0732945]),
     NORMALISED),
    (doubles([0.0973461, 0.3108949, 0.177729], [0.0209326, 0.0108015, 0.0732945]),
     NORMALISED),
    (doubles([0.0972578, 0.3108949, 0.1776354], [0.0209315, 0.0107958, 0.0732945]),
     NORMALISED),
    (doubles([0.2803773, 0.5213331, 0.3932843], [0.1299736, 0.0853123, 0.2532592]),
     ONE_TERM_SIGN),
    (doubles([0.46747, 0.7571727, 0.6179779], [0.2392264, 0.1603784, 0.4346994]),
     ONE_TERM_SIGN),
    (doubles([0.3535534, -0.625, 0.4780914], [-0.1690309, 0.1195229, -0.3142857]),
     CORRELATION),
    (doubles([0.3535534, 0.625, 0.4780914], [0.1690309, 0.1195229, 0.3142857]), CORRELATION),
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
    def test_pairs(self, submission: Submission) -> None:
        value = expect_numbers(submission.call(signs_of(*BITS), columns_of(*SEEN)), (2, 3))
        expect_close(
            value,
            doubles([0.0932846, 0.2854935, 0.1685906], [0.0207208, 0.0102461, 0.071819]),
            what="the matrix",
            given=SEEN_BITS,
            misconceptions=WRONG_INFORMATION,
        )

    @graded(1, "a bit that determines an attribute, a rare one, and sides that never change")
    def test_certain(self, submission: Submission) -> None:
        half, rare, ever = "11110000", "10000000", "11111111"
        value = submission.call(
            signs_of(half, rare, ever), columns_of(half, "00001111", rare, "00000000")
        )
        expect_close(
            expect_numbers(value, (3, 4)),
            doubles([1, 1, 0.1379253, 0], [0.1379253, 0.1379253, 0.5435644, 0], [0] * 4),
            what="the matrix",
            given=f"bits {half}, {rare} and {ever}; attributes {half}, 00001111, {rare} and "
            "00000000",
            help="A bit that determines an attribute of half the images tells 1 bit, either way "
            "round; one of an eighth less; one that never changes nothing.",
        )

    @graded(1, "0 without dependence, and nothing below 0", after="test_pairs")
    def test_independent(self, submission: Submission) -> None:
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
    def test_steps(self, submission: Submission) -> None:
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
