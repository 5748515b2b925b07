"""Public tests of training_step."""

from __future__ import annotations

import torch

from autograder.testing import (
    Misconception,
    Submission,
    exercise,
    expect,
    expect_close,
    expect_equal,
    graded,
)
from grader_tests.shared.training_step import (
    IMAGES,
    PRODUCTS,
    SUM_OF_TRIPLETS,
    expect_moved,
    gradients,
    mean_loss,
    read_steps,
    take_steps,
)

MOVES_WITHOUT_TRIPLETS = Misconception(
    "takes a step although there was no triplet",
    "A gradient of zero is not nothing: Adam, and SGD with momentum, go on in the direction of the "
    "steps before. Leave out backward() and step().",
)


@exercise(
    "training_step",
    object="course_lib.training.step.training_step",
    title="One step of training, through all layers",
    difficulty=3,
    minutes=20,
    hints=(
        "In this order: embed, measure, mine, compute the loss, zero the gradients, backward, "
        "step, report. Each is one line.",
        "The miner gets distances of embeddings.detach(); the loss gets rows of embeddings itself: "
        "embeddings[anchors] and so on. Both get the margin.",
        "Without an anchor, TrainingStep(0.0, 0) is returned before anything moves. Else the "
        "gradients are zeroed, the loss goes backward, the optimiser takes its step, and .item() "
        "makes the loss a plain number.",
    ),
)
class TestTrainingStep:
    """A step with two linear layers, worked out by hand; then a step through convolutions."""

    @graded(3, "loss and number of triplets of a batch, as they were before the step")
    def test_report(self, submission: Submission) -> None:
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True)
        loss, triplets = read_steps(seen)[0]
        expect_equal(triplets, 5, what="the number of triplets", given="six images, margin 0.2")
        rows = torch.nn.functional.normalize(IMAGES.flatten(1)[:, :2])
        asked = mean_loss(rows, 0.2)
        expect_close(
            torch.tensor(loss, dtype=torch.float64),
            asked,
            atol=1e-8,
            what="the loss",
            given="five triplets that cost 0.0527, 0.1098, 0.0527, 0.0527 and 0.0527",
            misconceptions=[
                (5 * asked, SUM_OF_TRIPLETS),
                (
                    mean_loss(seen["embeddings"], 0.2),
                    Misconception(
                        "reports the loss after the step",
                        "The loss of the batch as it came in is asked: it is known already, and "
                        "no second pass is needed.",
                    ),
                ),
            ],
        )

    @graded(3, "every weight moves, by the learning rate times the gradient")
    def test_step(self, submission: Submission) -> None:
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True)
        expect_moved(seen, gradients(0.2), "the six images")

    @graded(2, "gradients left over from before are not added", after="test_step")
    def test_left_over(self, submission: Submission) -> None:
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True, left_over=True)
        expect_moved(seen, gradients(0.2), "the six images, after an earlier backward()")

    @graded(2, "a batch without triplets moves nothing, also under an optimiser with momentum",
            after="test_step")  # fmt: skip
    def test_no_triplets(self, submission: Submission) -> None:
        batches = [(IMAGES, PRODUCTS), (IMAGES, torch.arange(6))]
        seen = take_steps(submission, batches, double=True, optimizer="adam", rate=0.01)
        read_steps(seen)
        expect_equal(
            seen["returned"][1], (0.0, 0), what="the report", given="six images of six products"
        )
        _, before, after = seen["states"]
        moved = [name for name in before if not torch.equal(before[name], after[name])]
        expect(
            not moved,
            "A batch in which every image shows another product has no triplets. It should move "
            f"nothing, and moved {' and '.join(moved)}.",
            misconception=MOVES_WITHOUT_TRIPLETS,
        )
