"""What public and hidden tests of epoch_length share."""

from collections.abc import Sequence

import numpy as np

from autograder.testing import Misconception, Submission, describe, expect, fail
from grader_tests.shared.numbers import is_integer

TOTAL_OVER_N = Misconception(
    "divides the number of all chunks by n_categories",
    "A category gives a batch at most one chunk, so in K batches it can use at most K of its "
    "chunks. What a large category has beyond that cannot be placed.",
)
FIXED_CATEGORIES = Misconception(
    "lets the same n_categories categories fill every batch",
    "Each batch may take other categories: when one has run out, another can stand in for it.",
)
LIMITED_ONCE = Misconception(
    "limits the large categories once, by a number of batches that is itself too large",
    "When the limit lowers the number of batches, the lower number is a stricter limit: repeat "
    "until nothing changes.",
)
FIRST_IMPOSSIBLE = Misconception(
    "returns the first number of batches that is not possible",
    "The largest possible number is one less.",
)
TRUE_DIVISION = Misconception(
    "gives a fraction of a batch",
    "A number of batches is an int: a batch that is not full is none. Use //.",
)
Counts = Sequence[int]


def expect_lengths(
    submission: Submission,
    cases: Sequence[tuple[Counts, int]],
    lengths: Sequence[int],
    mistakes: Sequence[tuple[Sequence[int], Misconception]] = (),
) -> None:
    """Fail unless every epoch has the right length.

    Args:
        cases: chunk counts and n_categories.
        lengths: what each should give.
        mistakes: what each would give by a known mistake; it is named only if all of them agree.
    """
    found = []
    for (chunk_counts, n_categories), length in zip(cases, lengths, strict=True):
        value = submission.call(list(chunk_counts), n_categories)
        asked = (
            f"the number of batches should be {length} for chunk_counts="
            f"{describe(list(chunk_counts))} and n_categories={n_categories}; it is "
            f"{describe(value)}."
        )
        if isinstance(value, float | np.floating):
            fail(asked, misconception=TRUE_DIVISION)
        expect(is_integer(value), asked)
        found.append((int(value), length, asked))
    values = [value for value, _, _ in found]
    known = [misconception for wrong, misconception in mistakes if list(wrong) == values]
    for value, length, asked in found:
        expect(value == length, asked, misconception=known[0] if known else None)
