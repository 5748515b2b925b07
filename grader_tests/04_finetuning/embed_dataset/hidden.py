"""Hidden tests of embed_dataset."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, expect, expect_equal, graded, hidden_tests
from grader_tests.shared.embeddings import a_data_set, expect_embeddings

MODE_LOST_BY_AN_ERROR = Misconception(
    "leaves the model in evaluation mode when something goes wrong",
    "A photo that cannot be read ends the function in the middle. What stands in the `finally:` of "
    "a `try:` happens all the same.",
)
BATCH_SIZE_IGNORED = Misconception(
    "ignores the batch size",
    "The data set may be larger than the memory: at most batch_size images at a time go through "
    "the network, and that many as often as possible.",
)


@hidden_tests("embed_dataset")
class TestEmbedDatasetHidden:
    """Drawn images; the batch size; an image that cannot be read."""

    @graded(2, "drawn images, several batch sizes, each item read once")
    def test_drawn(self, submission: Submission, draw: torch.Generator) -> None:
        for count, batch_size in ((17, 4), (12, 6), (5, 16)):
            images, labels = a_data_set(count, draw)
            seen = submission.probe("embedding_pass", images, labels, batch_size=batch_size)
            expect_embeddings(seen, labels, batch_size)
            expect_equal(
                sorted(seen["read"]),
                list(range(count)),
                what="the items that were read",
                given=f"a data set of {count} images",
            )

    @graded(2, "at most batch_size images at a time, and no more passes than that takes")
    def test_batches(self, submission: Submission, draw: torch.Generator) -> None:
        images, labels = a_data_set(11, draw)
        seen = submission.probe("embedding_pass", images, labels, batch_size=4)
        sizes = [note["images"] for note in seen["passes"]]
        expect_equal(
            sizes,
            [4, 4, 3],
            what="the numbers of images in the passes through the network",
            given="11 images, batch_size 4",
            misconceptions=[(sizes, BATCH_SIZE_IGNORED)],
        )

    @graded(1, "the mode is restored also when an image cannot be read")
    def test_error(self, submission: Submission, draw: torch.Generator) -> None:
        images, labels = a_data_set(9, draw)
        seen = submission.probe("embedding_pass", images, labels, batch_size=3, broken=5)
        expect(
            seen["error"] == "OSError",
            "An image that cannot be read should raise its error; nothing was raised.",
        )
        expect(
            seen["training afterwards"] is True,
            "The model came in training mode; after an error it should be so again.",
            misconception=MODE_LOST_BY_AN_ERROR,
        )
