"""Public tests of epoch_length."""

from autograder.testing import Misconception, Submission, SubmissionError, exercise, fail, graded
from grader_tests.shared.epoch_length import (
    FIRST_IMPOSSIBLE,
    FIXED_CATEGORIES,
    LIMITED_ONCE,
    TOTAL_OVER_N,
    expect_lengths,
)

FIXED_GROUPS = Misconception(
    "cuts the categories into fixed groups of n_categories",
    "Who goes with whom may change from batch to batch: a category that has chunks left when its "
    "group is done can join others.",
)
EVERY_CATEGORY = Misconception(
    "lets every category take part in every batch",
    "A batch needs n_categories of them, not all: a category without chunks holds up nobody.",
)
FIRST_NON_EMPTY = Misconception(
    "takes the first categories that still have a chunk",
    "That uses up the small categories together and leaves a large one alone with its chunks. "
    "The large ones must take part early.",
)
COUNTS_CATEGORIES = Misconception(
    "counts categories, not chunks",
    "A category with several chunks can take part in several batches.",
)
PAIRS_ONLY = Misconception(
    "uses a rule that is right for n_categories=2 only",
    "That all chunks but those of the largest category suffice is a condition for pairs. For other "
    "n_categories, limit each category to the number of batches.",
)
STRICTLY_MORE_CHUNKS = Misconception(
    "asks for a chunk to be left over after the last batch",
    "K batches are possible when the chunks are just enough, too: use >=.",
)
LAST_NOT_TRIED = Misconception(
    "does not try the largest number of batches that the total allows",
    "range(a, b) ends before b: look at the ends of your search.",
)
RAISES_FOR_NONE = Misconception(
    "raises an exception where the answer is 0",
    "That no batch is possible is an answer, too; whoever calls decides whether it is an error.",
)


@exercise(
    "epoch_length",
    object="course_lib.sampling.epoch_length",
    title="How many batches an epoch can fill",
    difficulty=3,
    minutes=20,
    hints=(
        "For a given K, ask whether K batches are possible. How many of its q_c chunks can a "
        "category use in K batches, if each batch takes at most one of them?",
        "K batches are possible exactly when the sum of min(q_c, K) over the categories reaches "
        "n_categories * K. If K are possible, so are fewer.",
        "Start with K = sum(q) // n_categories, which can only be too large. While "
        "sum(min(q_c, K)) // n_categories is smaller than K, make that the new K.",
    ),
)
class TestEpochLength:
    """The most batches of n chunks from n different categories."""

    @graded(4, "small examples that can be done by hand")
    def test_by_hand(self, submission: Submission) -> None:
        expect_lengths(
            submission,
            [
                ((1, 1, 3), 2),
                ((3, 1, 1), 2),
                ((2, 1), 2),
                ((5, 1), 2),
                ((4,), 1),
                ((2, 3, 2, 1), 3),
            ],
            [2, 2, 1, 1, 4, 2],
            [
                ([2, 2, 1, 3, 4, 2], TOTAL_OVER_N),
                ([1, 1, 1, 1, 4, 2], FIXED_CATEGORIES),
                ([1, 1, 1, 1, 4, 1], EVERY_CATEGORY),
                ([1, 2, 1, 1, 4, 2], FIRST_NON_EMPTY),
                ([1, 1, 1, 1, 1, 1], COUNTS_CATEGORIES),
                ([2, 2, 1, 1, 0, 2], PAIRS_ONLY),
                ([2, 2, 1, 2, 4, 2], LIMITED_ONCE),
                ([3, 3, 2, 2, 5, 3], FIRST_IMPOSSIBLE),
                ([1, 1, 0, 0, 0, 2], STRICTLY_MORE_CHUNKS),
                ([1, 1, 0, 1, 3, 1], LAST_NOT_TRIED),
            ],
        )

    @graded(3, "a category far larger than the others")
    def test_large_category(self, submission: Submission) -> None:
        expect_lengths(
            submission,
            [((9, 1), 2), ((1, 20, 2, 1), 2), ((10, 3, 1), 3), ((7, 7, 1, 1), 3)],
            [1, 4, 1, 2],
            [
                ([5, 12, 4, 5], TOTAL_OVER_N),
                ([1, 2, 1, 1], FIXED_CATEGORIES),
                ([1, 3, 1, 1], FIXED_GROUPS),
                ([1, 1, 1, 1], EVERY_CATEGORY),
                ([1, 4, 4, 5], PAIRS_ONLY),
                ([3, 8, 2, 4], LIMITED_ONCE),
                ([2, 5, 2, 3], FIRST_IMPOSSIBLE),
                ([0, 3, 0, 1], STRICTLY_MORE_CHUNKS),
            ],
        )

    @graded(3, "chunks that can be used up to the last")
    def test_used_up(self, submission: Submission) -> None:
        expect_lengths(
            submission,
            [((4, 4, 4), 3), ((6, 6), 2), ((2, 2, 2), 2), ((1, 1, 1, 1, 1, 1), 3), ((5, 2, 3), 1)],
            [4, 6, 3, 2, 10],
            [
                ([4, 6, 2, 1, 5], FIXED_CATEGORIES),
                ([4, 6, 2, 2, 10], FIXED_GROUPS),
                ([4, 6, 2, 1, 2], EVERY_CATEGORY),
                ([1, 1, 1, 2, 3], COUNTS_CATEGORIES),
                ([4, 6, 3, 2, 5], PAIRS_ONLY),
                ([5, 7, 4, 3, 11], FIRST_IMPOSSIBLE),
                ([0, 0, 2, 1, 9], STRICTLY_MORE_CHUNKS),
                ([3, 5, 2, 1, 9], LAST_NOT_TRIED),
            ],
        )

    @graded(2, "0 where fewer than n_categories categories have a chunk", after="test_by_hand")
    def test_too_few_categories(self, submission: Submission) -> None:
        try:
            expect_lengths(
                submission,
                [((4, 4), 3), ((5, 0, 0), 2), ((0, 0), 1)],
                [0, 0, 0],
                [
                    ([2, 2, 0], TOTAL_OVER_N),
                    ([1, 1, 0], LIMITED_ONCE),
                    ([1, 1, 1], FIRST_IMPOSSIBLE),
                ],
            )
        except SubmissionError as error:
            fail(f"0 is asked for; the function raised {error}.", misconception=RAISES_FOR_NONE)
