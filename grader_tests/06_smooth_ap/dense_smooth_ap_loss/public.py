"""Public tests of dense_smooth_ap_loss."""

from __future__ import annotations

from autograder.testing import Submission, exercise, graded
from grader_tests.shared.smooth_ap import (
    expect_no_overflow,
    expect_no_query,
    expect_smooth_ap,
    expect_smooth_gradient,
    expect_worked_out,
    products,
)
from grader_tests.shared.steps import expect_vectorised


@exercise(
    "dense_smooth_ap_loss",
    object="course_lib.losses.dense_smooth_ap_loss",
    title="Smooth-AP, as published: all comparisons at once",
    difficulty=3,
    minutes=25,
    hints=(
        "Follow the shapes: cosines (B, B), then above[q, i, j] (B, B, B), then two ranks (B, B), "
        "one average precision a query (B,), the loss ().",
        "torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature), and 0 where i is j. A sum "
        "over j gives the rank; with the labels as a mask of j, the rank among relevant images.",
        "Sum the quotients over the relevant i and divide by their number. Keep the queries with "
        "more than one relevant image (the query is one). Sum their losses, and divide by "
        "max(number, 1).",
    ),
)
class TestDenseSmoothAPLoss:
    """1 minus the mean of the smooth average precisions."""

    @graded(6, "the loss of seven images, labels in no order")
    def test_seven_images(self, submission: Submission) -> None:
        expect_smooth_ap(submission)

    @graded(4, "three batches worked out by hand, at the default temperature")
    def test_worked_out(self, submission: Submission) -> None:
        expect_worked_out(submission)

    @graded(5, "the gradient of the embeddings, float64")
    def test_gradient(self, submission: Submission) -> None:
        expect_smooth_gradient(submission)

    @graded(2, "a small temperature: no infinity, no nan", after="test_seven_images")
    def test_no_overflow(self, submission: Submission) -> None:
        expect_no_overflow(submission)

    @graded(2, "no query: a zero that backward() accepts", after="test_seven_images")
    def test_no_query(self, submission: Submission) -> None:
        expect_no_query(submission)

    @graded(2, "no Python loop over the batch", after="test_seven_images")
    def test_no_loop(self, submission: Submission) -> None:
        expect_vectorised(submission, products(3), products(6))
