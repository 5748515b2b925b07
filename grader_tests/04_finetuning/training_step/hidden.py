"""Hidden tests of training_step."""

from __future__ import annotations

import torch

from autograder.testing import Misconception, Submission, expect, expect_equal, graded, hidden_tests
from grader_tests.shared.training_step import (
    IMAGES,
    ONLY_SOME_LAYERS,
    PRODUCTS,
    expect_moved,
    gradients,
    read_steps,
    take_steps,
)

MINER_WITHOUT_MARGIN = Misconception(
    "mines with another margin, or from distances that are not squared",
    "Miner and loss have one margin, and both look at squared distances: what the miner takes for "
    "semi-hard must be what costs something.",
)
LOSS_WITHOUT_MARGIN = Misconception(
    "does not hand the margin to the loss",
    "Miner and loss have one margin: what the miner takes for semi-hard, the loss must see as "
    "costing something.",
)
CHANGES_THE_MODE = Misconception(
    "changes the mode of the model",
    "Whoever calls the step has chosen the modes, and model.train() in here would wake up "
    "what they have put into evaluation mode.",
)
EMBEDS_AGAIN = Misconception(
    "embeds images more than once",
    "One pass through the network gives the embeddings of the whole batch; anchors, positives and "
    "negatives are rows of it. Further passes cost as much again, and batch normalisation in "
    "training mode makes other embeddings in each.",
)
GENERATOR_NOT_HANDED_ON = Misconception(
    "does not hand the generator to the miner",
    "semi_hard_triplets(..., generator=generator): otherwise a run cannot be repeated.",
)


def drawn_batch(
    draw: torch.Generator, products: int = 4, images: int = 4
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images of noise, in mixed order: what they show can only be learnt by heart."""
    pixels = torch.rand(products * images, 3, 8, 8, generator=draw)
    labels = (10 * torch.randperm(products, generator=draw)).repeat_interleave(images)
    return pixels, labels[torch.randperm(len(labels), generator=draw)]


@hidden_tests("training_step")
class TestTrainingStepHidden:
    """Another margin, convolutions, chance, and a small set that is learnt by heart."""

    @graded(1, "another margin reaches the miner and the loss")
    def test_margin(self, submission: Submission) -> None:
        seen = take_steps(submission, [(IMAGES, PRODUCTS)], double=True, margin=0.3)
        expect_moved(
            seen,
            gradients(0.3),
            "the six images, margin 0.3",
            known=[
                (gradients(0.2, 0.3), MINER_WITHOUT_MARGIN),
                (gradients(0.3, 0.2), LOSS_WITHOUT_MARGIN),
            ],
        )
        _, triplets = read_steps(seen)[0]
        expect_equal(
            triplets,
            6,
            what="the number of triplets",
            given="margin 0.3",
            misconceptions=[(5, MINER_WITHOUT_MARGIN)],
        )

    @graded(1, "the batch goes through the network once, and the model's modes stay as they are")
    def test_one_pass(self, submission: Submission, draw: torch.Generator) -> None:
        seen = take_steps(
            submission, [drawn_batch(draw)], network="convolutional", rate=0.1, frozen=True
        )
        passes = seen["calls"]
        expect(
            len(passes) > 0
            and all(p["training"] and not any(p["layers in training"]) for p in passes)
            and seen["modes kept"] is True,
            "The model came in training mode, its batch normalisations in evaluation mode; the "
            "step should use it so and leave it so.",
            misconception=CHANGES_THE_MODE,
        )
        expect_equal(
            [p["images"] for p in passes],
            [16],
            what="the list of passes through the network, by their number of images,",
            given="a batch of 16 images",
            misconceptions=[([p["images"] for p in passes], EMBEDS_AGAIN)] if passes else [],
        )

    @graded(1, "every convolution moves, and no frozen batch normalisation")
    def test_all_layers(self, submission: Submission, draw: torch.Generator) -> None:
        seen = take_steps(
            submission, [drawn_batch(draw)], network="convolutional", rate=0.1, frozen=True
        )
        before, after = seen["states"]
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        still, woken = set(seen["trained"]) - moved, moved - set(seen["trained"])
        expect(
            not still,
            f"One step should move every convolution; {sorted(still)} stayed as they were.",
            misconception=ONLY_SOME_LAYERS,
        )
        expect(
            not woken,
            f"Frozen batch normalisations should stay as they are; {sorted(woken)} changed.",
            misconception=CHANGES_THE_MODE,
        )

    @graded(1, "the generator decides alone: equal states give equal steps")
    def test_generator(self, submission: Submission, draw: torch.Generator) -> None:
        batch = drawn_batch(draw, images=5)
        runs: list[torch.Tensor] = []
        for seed in (11, 11, *range(20, 30)):
            submission.seed(len(runs))
            seen = take_steps(
                submission, [batch], network="convolutional", rate=0.1, frozen=True, seed=seed
            )
            expect(
                seen["global generator untouched"] is True,
                "With a generator of its own the step should leave torch's global one alone.",
                misconception=GENERATOR_NOT_HANDED_ON,
            )
            runs.append(seen["states"][-1]["layers.0.weight"])
        expect(
            torch.equal(runs[0], runs[1]),
            "Two steps from the same weights, with generators of the same state, should be equal.",
            misconception=GENERATOR_NOT_HANDED_ON,
        )
        expect(
            any(not torch.equal(runs[0], run) for run in runs[2:]),
            "Ten generators of other states should not all lead to the same step.",
            misconception=GENERATOR_NOT_HANDED_ON,
        )

    @graded(2, "a small set is learnt by heart: sixty steps bring every product together")
    def test_learns_by_heart(self, submission: Submission, draw: torch.Generator) -> None:
        batch = drawn_batch(draw)
        seen = take_steps(
            submission, [batch] * 60, network="convolutional", optimizer="adam", rate=0.01
        )
        embeddings, labels = seen["embeddings"].double(), batch[1]
        distances = torch.cdist(embeddings, embeddings).square()
        same = labels[:, None] == labels
        # Not "the nearest is of the product": what is ranked wrongly by more than the margin is not
        # mined any more. Over many draws the reference comes to 0.1 +- 0.03, from 1 before.
        ratio = (
            distances[same].sum() / (same.sum() - len(labels)) / distances[~same].mean()
        ).item()
        expect(
            ratio < 0.7,
            f"After 60 steps on sixteen images of noise, squared distances within products are "
            f"{ratio:.2f} of those between products on average; less than 0.70 is asked.",
        )
