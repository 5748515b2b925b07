"""Public tests of freeze_batch_norm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograder.testing import Misconception, Submission, exercise, expect, graded
from grader_tests.shared.batch_norm import EVERYTHING_FROZEN, ONE_KIND_OR_LEVEL, STATISTICS

SCALE_AND_SHIFT = ("weight", "bias")
FORGOTTEN_BY_TRAIN = Misconception(
    "lets model.train() wake the layers up again",
    "train() sets the mode of every module below it, so eval() lasts until the next call of "
    "train(), and a training loop calls it once an epoch. Make train() leave these layers alone.",
)
STILL_TRAINED = Misconception(
    "freezes the statistics and goes on training scale and shift",
    "In evaluation mode a layer uses its running statistics, but its weight and bias are "
    "parameters like any others. Set requires_grad to False for them.",
)
ONLY_SCALE_AND_SHIFT = Misconception(
    "freezes scale and shift and lets the statistics go on",
    "Running mean and variance are buffers, no parameters: requires_grad does nothing to them. "
    "They are updated by every forward pass in training mode.",
)
ALL_IN_EVALUATION = Misconception(
    "keeps the whole network in evaluation mode",
    "model.train() should still reach every other layer: a dropout, for one, works in training "
    "mode only.",
)
STATISTICS_OF_THE_BATCH = Misconception(
    "still normalises by the statistics of the batch",
    "That nothing is written into the running statistics is half of it: the layer must also use "
    "them. In evaluation mode it does both.",
)


def expect_unchanged(
    seen: Mapping[str, Any], endings: Iterable[str], what: str, misconception: Misconception
) -> None:
    """Fail when training changed a tensor of a batch normalisation with one of these endings."""
    names = [n for n in seen["batch normalisation"] if n.rpartition(".")[2] in endings]
    changed = [name for name in names if name in seen["changed by training"]]
    expect(
        not changed,
        f"{what} should stay as they were before training. Three steps later some have changed: "
        f"{len(changed)} of {len(names)}, such as {', '.join(changed[:3])}.",
        misconception=ONE_KIND_OR_LEVEL if len(changed) < len(names) else misconception,
    )


def expect_frozen_statistics(seen: Mapping[str, Any]) -> None:
    """Fail when training changed running statistics."""
    woken = seen["in evaluation mode after the call"]
    mistake = FORGOTTEN_BY_TRAIN if woken else ONLY_SCALE_AND_SHIFT
    expect_unchanged(seen, STATISTICS, "Running mean and variance", mistake)


def expect_frozen_scale_and_shift(seen: Mapping[str, Any]) -> None:
    """Fail when training changed scale or shift."""
    expect_unchanged(seen, SCALE_AND_SHIFT, "Scale and shift", STILL_TRAINED)


def expect_others_trained(seen: Mapping[str, Any]) -> None:
    """Fail when a tensor that is no part of a batch normalisation did not change."""
    others = set(seen["tensors"]) - set(seen["batch normalisation"])
    still = sorted(others - set(seen["changed by training"]))
    expect(
        not still,
        f"All other layers should be trained. After three steps these are what they were: "
        f"{', '.join(still)}.",
        misconception=EVERYTHING_FROZEN,
    )


@exercise(
    "freeze_batch_norm",
    object="course_lib.networks.batch_norm.freeze_batch_norm",
    title="Freeze batch normalisation, and nothing else",
    difficulty=2,
    minutes=15,
    hints=(
        "Two things change during training, in two ways: running mean and variance by the forward "
        "pass in training mode, scale and shift by the optimiser. You need an answer to each.",
        "Walk through model.modules() and pick the batch normalisations by their base class "
        "_BatchNorm. module.eval() and module.requires_grad_(False) freeze one, until somebody "
        "calls model.train().",
        "model.train() calls module.train(mode) of every layer. An attribute of the object wins "
        "over the method of its class: give module.train a function that takes a mode and does "
        "nothing but return the module. (In a loop, mind which module the function remembers.)",
    ),
)
class TestFreezeBatchNorm:
    """A pretrained network is frozen, put into training mode, and trained."""

    @graded(2, "running mean and variance stay what they are, also after model.train()")
    def test_statistics(self, submission: Submission) -> None:
        expect_frozen_statistics(submission.probe("frozen_batch_norm"))

    @graded(2, "scale and shift are not trained, and no weight decay shrinks them")
    def test_scale_and_shift(self, submission: Submission) -> None:
        expect_frozen_scale_and_shift(submission.probe("frozen_batch_norm"))

    @graded(1, "a photo's output does not depend on the others in its batch")
    def test_batch_mates(self, submission: Submission) -> None:
        difference = submission.probe("frozen_batch_norm")["difference that batch mates make"]
        expect(
            type(difference) is float and difference < 1e-4,
            "In training mode the features of an image should be the same alone and in a batch of "
            f"8; they differ by {difference}.",
            misconception=STATISTICS_OF_THE_BATCH,
        )

    @graded(2, "every other layer is trained, and in training mode", after="test_statistics")
    def test_others(self, submission: Submission) -> None:
        seen = submission.probe("frozen_batch_norm")
        expect_others_trained(seen)
        expect(
            {"", "stem", "block", "dropout", "head"} <= set(seen["in training mode"]),
            "After model.train() the model, its convolutions, its dropout and its last layer "
            f"should be in training mode; in training mode are {seen['in training mode']}.",
            misconception=ALL_IN_EVALUATION,
        )
