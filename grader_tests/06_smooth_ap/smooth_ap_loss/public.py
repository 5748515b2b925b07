"""Public tests of smooth_ap_loss."""

from __future__ import annotations

from typing import Any

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_same_steps,
    graded,
)
from grader_tests.shared.smooth_ap import (
    ACROSS,
    ALONE_COUNTED,
    CORNERS,
    GIVEN,
    ITSELF,
    LABELS,
    NEGATIVES_ONLY,
    NOT_UNIT,
    ONE_MEAN,
    REVERSED,
    ROWS,
    _one,
    expect_no_overflow,
    expect_no_query,
    expect_smooth_ap,
    expect_smooth_gradient,
    expect_worked_out,
    products,
)
from grader_tests.shared.steps import LOOP

WITHOUT_QUERY = [
    (0.3243030, Misconception(
        "ignores count_query", "With count_query=False the query is no relevant item of its own.")),
    (0.5673285, Misconception(
        "leaves the query in the ranks",
        "With count_query=False the query is out of the search altogether: no relevant item, and "
        "above no other. A similarity of -inf stands above nothing.")),
    (0.6388187, REVERSED),
    (0.3750020, ITSELF),
    (0.3078185, NEGATIVES_ONLY),
    (0.3197632, NOT_UNIT),
    (0.4279489, ONE_MEAN),
    (0.3801960, ALONE_COUNTED),
]  # fmt: skip
CUBE = Misconception(
    "compares every two images for every query",
    "Only ranks of relevant items are needed. Make one row of B comparisons for each pair of a "
    "query and one of its relevant items: nonzero() of the mask lists the pairs.",
)
CHUNKS_IGNORED = Misconception(
    "ignores chunk_size",
    "With chunk_size=c no tensor has more than c rows of B comparisons.",
)
CHUNKS_AVERAGED = Misconception(
    "averages the chunks",
    "The pairs of a chunk are no queries, and the last chunk may be smaller: join the quotients of "
    "all chunks, then average as without chunks.",
)


def bytes_made(submission: Submission, images: int, **settings: Any) -> int:
    """Of the largest tensor of 48 images, float32."""
    return submission.trace(*products(48 // images, images), **settings).largest_storage


@exercise(
    "smooth_ap_loss",
    object="course_lib.losses.smooth_ap_loss",
    title="Smooth-AP with a fraction of the memory",
    difficulty=4,
    minutes=30,
    hints=(
        "List the pairs (query, relevant item) with nonzero() of the mask of relevant items, after "
        "the queries without others are taken out of it. There are B·P of them, not B².",
        "For the pairs (q, i): s[q] are rows of B similarities, s[q, i][:, None] what each is "
        "compared with. The sum of the sigmoids has G(0) = ½ for i itself: + 0.5 instead of + 1.",
        "For chunks: a function from (q, i) to the quotients, called on q.split(c) and i.split(c) "
        "through torch.utils.checkpoint.checkpoint(..., use_reentrant=False), then torch.cat. "
        "Without the query: its similarity to itself becomes -inf before anything is compared.",
    ),
)
class TestSmoothAPLoss:
    """The same value and gradient, of B²P comparisons."""

    @graded(5, "the loss of seven images, labels in no order")
    def test_seven_images(self, submission: Submission) -> None:
        expect_smooth_ap(submission)
        expect_worked_out(submission)

    @graded(4, "the gradient of the embeddings, float64")
    def test_gradient(self, submission: Submission) -> None:
        expect_smooth_gradient(submission)
        expect_no_overflow(submission)

    @graded(4, "count_query=False leaves the query out of relevant items and ranks")
    def test_without_query(self, submission: Submission) -> None:
        expect_close(
            submission.call(ROWS, LABELS, 0.1, count_query=False),
            _one(0.4435620),
            what="the loss",
            given=f"{GIVEN}, count_query=False",
            misconceptions=[(_one(value), mistake) for value, mistake in WITHOUT_QUERY],
        )
        expect_close(submission.call(CORNERS, ACROSS, count_query=False), _one(0.6),
                     what="the loss", given="four images at two places, products across them, "
                     "count_query=False")  # fmt: skip

    @graded(3, "in chunks: the same value, with the query and without", after="test_seven_images")
    def test_chunks(self, submission: Submission) -> None:
        for count_query, value in ((True, 0.3243030), (False, 0.4435620)):
            for chunk_size in (3, 100, 1):
                expect_close(
                    submission.call(
                        ROWS, LABELS, 0.1, count_query=count_query, chunk_size=chunk_size
                    ),
                    _one(value),
                    what="the loss",
                    given=f"{GIVEN}, count_query={count_query}, chunk_size={chunk_size}",
                    help=CHUNKS_AVERAGED.help,
                    misconceptions=[(_one(0.3355622), CHUNKS_AVERAGED)],
                )

    @graded(4, "memory: no tensor of B x B x B entries, and no more than a chunk of pairs",
            after="test_seven_images")  # fmt: skip
    def test_memory(self, submission: Submission) -> None:
        made, lean = bytes_made(submission, 2), 48 * 48 * 2 * 4
        expect(
            made <= 4 * lean,
            f"For 48 images, 2 of each product, {lean} bytes hold all comparisons that are needed. "
            f"The largest tensor has {made}.",
            misconception=CUBE,
        )
        made, square = bytes_made(submission, 16, chunk_size=8), 48 * 48 * 4
        expect(
            made <= 4 * square,
            f"With 48 images and chunk_size=8 a chunk has {8 * 48 * 4} bytes, and the similarities "
            f"have {square}. The largest tensor has {made}.",
            misconception=CHUNKS_IGNORED,
        )

    @graded(2, "no query: a zero that backward() accepts", after="test_seven_images")
    def test_no_query(self, submission: Submission) -> None:
        expect_no_query(submission)

    @graded(2, "without chunks, as many steps for any batch", after="test_seven_images")
    def test_steps(self, submission: Submission) -> None:
        expect_same_steps(
            submission.trace(*products(3)),
            submission.trace(*products(12)),
            of="the batch",
            sizes=("6 images", "24"),
            misconception=LOOP,
        )
