"""What a step of training can minimise: losses, made into steps of one form.

A step takes model, optimiser, images, labels and the generator for whatever it draws at random, and
moves the weights once. ``training_step`` is one, for triplets; :class:`Objective` makes one of a
loss.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from course_lib.losses import SmoothAP, contrastive_loss
from course_lib.mining import anchor_positive_pairs
from course_lib.training.step import TrainingStep, training_step
from course_lib.validation import require_labels, require_positive

Loss = Callable[[Tensor, Tensor, torch.Generator | None], Tensor]
"""(model outputs of the batch, labels, generator) -> scalar."""


class Step(Protocol):
    """One step of training on a batch."""

    def __call__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        images: Tensor,
        labels: Tensor,
        *,
        generator: torch.Generator | None = None,
    ) -> TrainingStep:
        """Move the model's weights once."""


class Objective:
    """The step that minimises a loss of the whole batch.

    Args:
        loss: maps outputs, labels and a generator to a scalar.
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        images: Tensor,
        labels: Tensor,
        *,
        generator: torch.Generator | None = None,
    ) -> TrainingStep:
        """Move the model's weights once."""
        cost = self.loss(model(images), labels, generator)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        return TrainingStep(cost.item(), None)


def triplet_objective(margin: float = 0.2) -> Step:
    """Triplet loss of semi-hard triplets: :func:`training_step` with this margin."""
    require_positive(margin=margin)
    return partial(training_step, margin=margin)


def classification_objective(smoothing: float = 0.0) -> Step:
    """Cross-entropy; the model gives logits, the labels are classes 0 … C − 1.

    Args:
        smoothing: share of the target spread over all classes, 0 <= smoothing < 1.
    """
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must lie in [0, 1), got {smoothing}")
    return Objective(
        lambda logits, labels, _: cross_entropy(logits, labels, label_smoothing=smoothing)
    )


def contrastive_objective(margin: float = 0.5) -> Step:
    """Contrastive loss of all similar pairs, and of as many dissimilar ones drawn at random."""
    require_positive(margin=margin)

    def loss(embeddings: Tensor, labels: Tensor, generator: torch.Generator | None) -> Tensor:
        first, second, similar = balanced_pairs(labels, generator)
        return contrastive_loss(embeddings[first], embeddings[second], similar, margin)

    return Objective(loss)


def smooth_ap_objective(temperature: float = 0.01) -> Step:
    """Smooth-AP of the whole batch, every image of which is a query."""
    loss = SmoothAP(temperature)
    return Objective(lambda embeddings, labels, _: loss(embeddings, labels))


def balanced_pairs(
    labels: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """All similar pairs of a batch, each once, and up to as many different dissimilar ones.

    Of all pairs of a batch nearly every one is dissimilar; taken together they would drown the
    similar ones.

    Args:
        labels: ``(B,)`` integer product ids.
        generator: source of the random choice, on the labels' device; None for torch's global one.

    Returns:
        ``(first, second, similar)``: two ``(P,)`` int64 vectors of positions, and ``(P,)`` bool.
    """
    require_labels(labels)
    first, second = anchor_positive_pairs(labels)
    once = first < second
    first, second = first[once], second[once]
    unlike = (labels[:, None] != labels).triu(diagonal=1).nonzero()
    order = torch.randperm(len(unlike), generator=generator, device=labels.device)
    drawn = unlike[order[: len(first)]]
    similar = torch.arange(len(first) + len(drawn), device=labels.device) < len(first)
    return torch.cat([first, drawn[:, 0]]), torch.cat([second, drawn[:, 1]]), similar
