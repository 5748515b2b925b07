"""What public and hidden tests of training_step share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from autograder.testing import (
    Misconception,
    Submission,
    SubmissionError,
    expect,
    expect_close,
    fail,
)

# Six images of three products, as directions in the plane. Every anchor-positive pair has one
# semi-hard negative at most, so nothing is left to chance.
DIRECTIONS = torch.deg2rad(
    torch.tensor([180.0, 110.0, 330.0, 100.0, 340.0, 130.0], dtype=torch.float64)
)
PRODUCTS = torch.tensor([5, 2, 5, 2, 8, 8])
IMAGES = torch.stack(
    [DIRECTIONS.cos(), DIRECTIONS.sin(), torch.full((6,), 0.5, dtype=torch.float64)], dim=1
)[:, :, None, None]
TRIPLETS = {
    0.2: [(0, 2, 4), (1, 3, 5), (2, 0, 5), (4, 5, 0), (5, 4, 2)],
    0.3: [(0, 2, 4), (1, 3, 5), (2, 0, 5), (3, 1, 5), (4, 5, 0), (5, 4, 2)],
}
RATE = 0.5
NO_BACKWARD = Misconception(
    "does not let the gradient through to the weights",
    "detach() is for the miner's distances only. The loss is computed from the embeddings as the "
    "model returned them, with their history.",
)
NOTHING_MOVES = Misconception(
    "computes a loss and moves nothing",
    "backward() writes gradients, and optimizer.step() applies them. zero_grad() between the two "
    "takes them away again.",
)
UPHILL = Misconception(
    "moves the weights the wrong way",
    "optimizer.step() goes against the gradient by itself: hand it the loss as it is.",
)
SUM_OF_TRIPLETS = Misconception(
    "takes the sum of the triplets' losses",
    "The mean is asked, the default of triplet_loss: a batch with more triplets must not take a "
    "larger step.",
)
ACCUMULATES = Misconception(
    "adds the gradients of earlier batches",
    "backward() adds to what is there. Call optimizer.zero_grad() before it.",
)
ONLY_SOME_LAYERS = Misconception(
    "trains some of the layers only",
    "Every weight that the optimiser holds takes part. Hand all of the model's weights the "
    "gradient, the first convolution's as well.",
)


def take_steps(submission: Submission, batches: list[tuple[Tensor, Tensor]], **options: Any) -> Any:
    """What the probe "training_steps" saw; names the mistake when there was no graph."""
    try:
        return submission.probe("training_steps", batches, **options)
    except SubmissionError as error:
        if "does not require grad" in error.message:
            fail(f"backward() failed: {error.message}.", misconception=NO_BACKWARD)
        raise


def mean_loss(embeddings: Tensor, margin: float, loss_margin: float | None = None) -> Tensor:
    """Mean loss of the batch's own triplets, by the formula."""
    a, p, n = torch.tensor(TRIPLETS[margin]).T
    near = (embeddings[a] - embeddings[p]).square().sum(dim=1)
    far = (embeddings[a] - embeddings[n]).square().sum(dim=1)
    return (near - far + (loss_margin or margin)).clamp(min=0).mean()


def gradients(margin: float, loss_margin: float | None = None) -> tuple[Tensor, Tensor]:
    """Of the mean loss, with respect to the two layers of the network "flat"."""
    first = torch.eye(3, dtype=torch.float64, requires_grad=True)
    last = torch.eye(2, 3, dtype=torch.float64, requires_grad=True)
    rows = torch.nn.functional.normalize(IMAGES.flatten(1) @ first.T @ last.T)
    loss = mean_loss(rows, margin, loss_margin)
    found = torch.autograd.grad(loss, (first, last))
    return found[0], found[1]


def read_steps(seen: Mapping[str, Any]) -> list[tuple[float, int]]:
    """What the steps returned: loss and number of triplets each."""
    for value in seen["returned"]:
        expect(
            type(value) is tuple and len(value) == 2,
            f"A TrainingStep, loss and number of triplets, should come back; it is {value!r}.",
        )
        for name, part, kind in zip(("loss", "triplets"), value, (float, int), strict=True):
            expect(
                type(part) is kind,
                f"{name} should be a plain {kind.__name__}; it is a {type(part).__name__}.",
                misconception=Misconception(
                    "returns tensors",
                    "A tensor that stays in a list of results keeps the graph of its step alive. "
                    "loss.item() and len(...) are plain numbers.",
                )
                if isinstance(part, Tensor)
                else None,
            )
    return list(seen["returned"])


def expect_moved(
    seen: Mapping[str, Any],
    expected: tuple[Tensor, Tensor],
    given: str,
    known: Iterable[tuple[tuple[Tensor, Tensor], Misconception]] = (),
) -> None:
    """Fail unless both layers moved by RATE times the expected gradients."""
    before, after = seen["states"][0], seen["states"][-1]
    still = [n for n in ("first.weight", "last.weight") if torch.equal(before[n], after[n])]
    if still:
        fail(
            f"One step should move every weight; {' and '.join(still)} did not move.",
            misconception=NOTHING_MOVES if len(still) == 2 else ONLY_SOME_LAYERS,
        )
    for place, name in enumerate(("first.weight", "last.weight")):
        moved = (before[name] - after[name]) / RATE
        usual = [
            (-expected[place], UPHILL),
            (len(TRIPLETS[0.2]) * expected[place], SUM_OF_TRIPLETS),
            (expected[place] + 0.25, ACCUMULATES),
        ]
        expect_close(
            moved,
            expected[place],
            atol=1e-8,
            what=f"what the step took from {name}, divided by the learning rate,",
            given=given,
            help="It should be the gradient of the mean loss of the mined triplets.",
            misconceptions=[*usual, *((wrong[place], mistake) for wrong, mistake in known)],
        )
