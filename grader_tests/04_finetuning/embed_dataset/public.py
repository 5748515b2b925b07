"""Public tests of embed_dataset."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, exercise, expect, expect_equal, graded
from grader_tests.shared.embeddings import a_data_set, expect_embeddings

MODE_NOT_RESTORED = Misconception(
    "leaves the model in another mode than it came in",
    "Evaluation happens in the middle of training. Remember model.training, and put it back when "
    "you are done, whichever it was.",
)
GRAPH_KEPT = Misconception(
    "keeps the graph",
    "Nothing is learnt here, and a graph holds on to every feature map of every photo. Work under "
    "torch.no_grad().",
)


@exercise(
    "embed_dataset",
    object="course_lib.training.embedding.embed_dataset",
    title="Embed a data set, batch by batch and in order",
    difficulty=2,
    minutes=15,
    hints=(
        "DataLoader(dataset, batch_size) yields pairs of stacked images and stacked labels, in "
        "order. Collect both in lists; torch.cat makes one tensor of a list.",
        "Before: remember model.training, then model.eval(). After: model.train(what you "
        "remembered). In between: with torch.no_grad().",
        "try: ... finally: model.train(was_training) restores the mode also when an image cannot "
        "be read. images.to(device) before the network, .cpu() after it.",
    ),
)
class TestEmbedDataset:
    """Images of noise through a network with dropout that takes notes."""

    @graded(3, "embeddings and labels of all items, in the order of the data set")
    def test_in_order(self, submission: Submission) -> None:
        images, labels = a_data_set(20, torch.Generator().manual_seed(8))
        seen = submission.probe("embedding_pass", images, labels, batch_size=5)
        expect_embeddings(seen, labels, 5)

    @graded(2, "the last batch may be smaller, and so may the data set", after="test_in_order")
    def test_last_batch(self, submission: Submission) -> None:
        for count, batch_size in ((13, 5), (3, 8), (9, 1)):
            images, labels = a_data_set(count, torch.Generator().manual_seed(9))
            seen = submission.probe("embedding_pass", images, labels, batch_size=batch_size)
            expect_embeddings(seen, labels, batch_size)

    @graded(1, "no graph is built")
    def test_no_graph(self, submission: Submission) -> None:
        images, labels = a_data_set(6, torch.Generator().manual_seed(8))
        seen = submission.probe("embedding_pass", images, labels)
        value = seen["value"]
        rows = value[0] if type(value) is tuple and value else value
        expect(
            len(seen["passes"]) > 0
            and not any(note["graph"] for note in seen["passes"])
            and not getattr(rows, "requires_grad", False),
            "Gradients should be off while the network embeds.",
            misconception=GRAPH_KEPT,
        )

    @graded(1, "afterwards the model is in the mode it came in", after="test_in_order")
    def test_mode(self, submission: Submission) -> None:
        images, labels = a_data_set(6, torch.Generator().manual_seed(8))
        for training in (True, False):
            seen = submission.probe("embedding_pass", images, labels, training=training)
            expect_equal(
                seen["training afterwards"],
                training,
                what="model.training afterwards",
                given=f"a model that came with model.training = {training}",
                misconceptions=[(not training, MODE_NOT_RESTORED)],
            )
