"""Hidden tests of epoch_length."""

from collections.abc import Callable

import numpy as np
import torch

from autograder.testing import Misconception, Submission, describe, expect, graded, hidden_tests
from course_lib.sampling import epoch_length
from grader_tests.shared.epoch_length import (
    FIRST_IMPOSSIBLE,
    FIXED_CATEGORIES,
    LIMITED_ONCE,
    TOTAL_OVER_N,
    expect_lengths,
)
from grader_tests.shared.hidden_numbers import integer, integers
from grader_tests.shared.numbers import is_integer, plain

CHANGES_COUNTS = Misconception(
    "changes the counts that it was given",
    "The sampler asks for its length again and again, with the same counts: work on a copy.",
)
ORDER_MATTERS = Misconception(
    "depends on the order of the categories",
    "Counts come in no order. A rule that begins with the largest must sort them first.",
)


@hidden_tests("epoch_length")
class TestEpochLengthHidden:
    """Many chunk counts against the reference."""

    @graded(4, "other chunk counts")
    def test_other_counts(self, submission: Submission, draw: torch.Generator) -> None:
        cases = []
        for _ in range(60):
            chunk_counts = integers(draw, 0, integer(draw, 1, 8), integer(draw, 2, 7))
            chunk_counts[0] *= integer(draw, 1, 4)
            cases.append((chunk_counts, integer(draw, 1, 4)))
        expect_reference_lengths(submission, cases)

    @graded(2, "hundreds of categories")
    def test_many_categories(self, submission: Submission, draw: torch.Generator) -> None:
        cases = [
            (integers(draw, 0, 3, 300) + integers(draw, 20, 40, 5), n_categories)
            for n_categories in (2, 7, 61)
        ]
        expect_reference_lengths(submission, cases)

    @graded(2, "lists, tuples and arrays of counts, in any order, which stay as they are")
    def test_kinds_of_counts(self, submission: Submission, draw: torch.Generator) -> None:
        lengths = []
        for kind, make in (("list", list), ("tuple", tuple), ("array", np.array)) * 2:
            given = [(3, 1, 6, 1, 2)[i] for i in torch.randperm(5, generator=draw).tolist()]
            value, after = submission.call(make(given), 3, return_args=True)
            expect(is_integer(value), f"a number of batches should come; it is {describe(value)}.")
            expect(
                len(after) == 2 and plain(after[0]) in (given, tuple(given)),
                f"the counts {given}, which came as {kind}, should stay as they are; afterwards "
                f"they are {describe(after[0])}.",
                misconception=CHANGES_COUNTS,
            )
            lengths.append(int(value))
        expect(
            set(lengths) == {3},
            f"for the counts 1, 1, 2, 3 and 6 in any order and n_categories=3 the number of "
            f"batches should be 3; for 6 orders it is {lengths}.",
            misconception=ORDER_MATTERS if len(set(lengths)) > 1 else None,
        )


def expect_reference_lengths(submission: Submission, cases: list[tuple[list[int], int]]) -> None:
    """Compare with the reference, and name the usual mistakes."""

    def by(rule: Callable[[list[int], int], int]) -> list[int]:
        return [rule(counts, n) for counts, n in cases]

    right = by(epoch_length)
    mistakes = [
        (by(lambda counts, n: sum(counts) // n), TOTAL_OVER_N),
        (by(lambda counts, n: sorted([*counts, *[0] * n])[-n]), FIXED_CATEGORIES),
        (by(lambda counts, n: sum(min(q, sum(counts) // n) for q in counts) // n), LIMITED_ONCE),
        ([length + 1 for length in right], FIRST_IMPOSSIBLE),
    ]
    expect_lengths(submission, cases, right, mistakes)
