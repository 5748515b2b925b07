"""Losses made into steps of training, all of the same form.

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
    """An interface: one step of training on a batch.

    Example:
        >>> step: Step = triplet_objective(margin=0.2)
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> step(model, optimizer, torch.zeros(4, 3, 2, 2), torch.tensor([0, 0, 1, 1]))
        TrainingStep(loss=0.0, triplets=0)
    """

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
    """A step that minimises a loss of the whole batch.

    Args:
        loss: maps outputs, labels and a generator to a scalar.

    Example:
        >>> step = Objective(lambda outputs, labels, generator: outputs.square().mean())
        >>> model = nn.Linear(2, 1, bias=False)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> step(model, optimizer, torch.zeros(4, 2), torch.tensor([0, 0, 1, 1]))
        TrainingStep(loss=0.0, triplets=None)
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
    """Make a step of the triplet loss of semi-hard triplets: :func:`training_step` with a margin.

    Example:
        >>> step = triplet_objective(margin=0.2)
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> step(model, optimizer, torch.zeros(4, 3, 2, 2), torch.tensor([0, 0, 1, 1]))
        TrainingStep(loss=0.0, triplets=0)
    """
    require_positive(margin=margin)
    return partial(training_step, margin=margin)


def classification_objective(smoothing: float = 0.0) -> Step:
    """Make a step of cross-entropy; the model gives logits, the labels are classes 0 … C − 1.

    Args:
        smoothing: share of the target spread over all classes, 0 <= smoothing < 1.

    Example:
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> images, labels = torch.rand(4, 3, 2, 2), torch.tensor([0, 0, 1, 1])
        >>> before = model[1].weight.clone()
        >>> taken = classification_objective()(model, optimizer, images, labels)
        >>> taken.loss > 0, torch.equal(model[1].weight, before)
        (True, False)
    """
    if not 0 <= smoothing < 1:
        raise ValueError(f"smoothing must lie in [0, 1), got {smoothing}")
    return Objective(
        lambda logits, labels, _: cross_entropy(logits, labels, label_smoothing=smoothing)
    )


def contrastive_objective(margin: float = 0.5) -> Step:
    """Make a step of the contrastive loss of all similar pairs, and of as many dissimilar pairs.

    The dissimilar pairs are drawn at random.

    Example:
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> images, labels = torch.rand(4, 3, 2, 2), torch.tensor([0, 0, 1, 1])
        >>> before = model[1].weight.clone()
        >>> taken = contrastive_objective(margin=2.0)(model, optimizer, images, labels)
        >>> taken.loss > 0, torch.equal(model[1].weight, before)
        (True, False)
    """
    require_positive(margin=margin)

    def loss(embeddings: Tensor, labels: Tensor, generator: torch.Generator | None) -> Tensor:
        first, second, similar = balanced_pairs(labels, generator)
        return contrastive_loss(embeddings[first], embeddings[second], similar, margin)

    return Objective(loss)


def smooth_ap_objective(temperature: float = 0.01) -> Step:
    """Make a step of Smooth-AP of the whole batch, every image of which is a query.

    Example:
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> images, labels = torch.rand(4, 3, 2, 2), torch.tensor([0, 0, 1, 1])
        >>> before = model[1].weight.clone()
        >>> taken = smooth_ap_objective(temperature=0.1)(model, optimizer, images, labels)
        >>> taken.loss > 0, torch.equal(model[1].weight, before)
        (True, False)
    """
    loss = SmoothAP(temperature)
    return Objective(lambda embeddings, labels, _: loss(embeddings, labels))


def balanced_pairs(
    labels: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """List all similar pairs of a batch, each once, and up to as many different dissimilar pairs.

    Nearly all pairs of a batch are dissimilar; all of them together would drown the similar pairs.

    Args:
        labels: ``(B,)`` integer product ids.
        generator: source of the random choice, on the labels' device; None for torch's global one.

    Returns:
        ``(first, second, similar)``: two ``(P,)`` int64 vectors of positions, and ``(P,)`` bool.

    Example:
        >>> first, second, similar = balanced_pairs(torch.tensor([5, 5, 8, 8]))
        >>> list(zip(first.tolist(), second.tolist()))[:2], similar
        ([(0, 1), (2, 3)], tensor([ True,  True, False, False]))
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
