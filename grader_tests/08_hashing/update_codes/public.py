"""Public tests of update_codes."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_tensor,
    graded,
)
from grader_tests.shared.arguments import expect_kept
from grader_tests.shared.codes import codes_of
from grader_tests.shared.steps import expect_same_steps_for_codes
from grader_tests.shared.update_codes import drawn_problem

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
    def test_tiny_example(self, submission: Submission) -> None:
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
    def test_both_values(self, submission: Submission) -> None:
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
    def test_objective(self, submission: Submission) -> None:
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
    def test_own_column(self, submission: Submission) -> None:
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
    def test_sample(self, submission: Submission) -> None:
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
    def test_nothing_depends(self, submission: Submission) -> None:
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
    def test_arguments(self, submission: Submission) -> None:
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
    def test_no_loop(self, submission: Submission) -> None:
        def batch(count: int) -> tuple[Any, ...]:
            draw = torch.Generator().manual_seed(count)
            codes, outputs, sample, similarities = drawn_problem(draw, count, count, 6)
            return codes, outputs, sample, similarities.T @ outputs

        expect_same_steps_for_codes(submission, batch(3), batch(30), 3, 30)


SIDE_OF_ZERO = Misconception(
    "sets a bit on which nothing depends",
    "Where a is 0, both values cost the same, and the old one stays: without that, codes could "
    "change for ever without getting better.",
)
