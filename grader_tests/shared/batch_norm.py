"""What the tests of batch normalisation and of its statistics share."""

from __future__ import annotations

from autograder.testing import Misconception

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
ONE_KIND_OR_LEVEL = Misconception(
    "freezes some of the batch normalisations and misses others",
    "model.modules() walks through all of a network, at any depth; children() shows one level. "
    "And batch normalisation has several classes, which share a base class.",
)
EVERYTHING_FROZEN = Misconception(
    "freezes layers that are no batch normalisation",
    "All convolutions and fully connected layers shall be fine-tuned. Change the mode and the "
    "parameters of the batch normalisations only.",
)
