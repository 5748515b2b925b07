"""One step of training: embed a batch, mine triplets, move the weights against the gradient."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.distances import pairwise_squared_distances
from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.validation import require_images, require_labels, require_module, require_positive


class TrainingStep(NamedTuple):
    """The result of one step: what one batch taught.

    Example:
        >>> TrainingStep(loss=0.1, triplets=12)
        TrainingStep(loss=0.1, triplets=12)
    """

    loss: float
    """Of the batch, before the weights moved; 0 when there was nothing to learn from."""
    triplets: int | None
    """Triplets that the loss is the mean of; None for a loss without triplets."""


def training_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.2,
    generator: torch.Generator | None = None,
) -> TrainingStep:
    """Train a model on the semi-hard triplets of one batch, through all its layers.

    The images are embedded with gradients, each one once. Semi-hard triplets are mined from the
    squared distances of the detached embeddings, and the mean triplet loss of the embeddings moves
    every weight that the optimiser holds. A batch without triplets changes neither weights nor
    optimiser: its gradient is zero, but momentum would still move the weights.

    Args:
        model: maps ``(B, 3, H, W)`` images to ``(B, D)`` embeddings of length 1. It is used in the
            mode that it is in: call ``model.train()`` before.
        optimizer: optimiser of the model's parameters. Gradients of earlier steps do not count.
        images: ``(B, 3, H, W)``, floating point, on the model's device.
        labels: ``(B,)`` integer product ids, on the same device.
        margin: margin of the miner and the loss alike, > 0.
        generator: source of the miner's random choice, on the same device; None for torch's global
            one.

    Returns:
        Loss and number of triplets, taken before the weights moved.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or ``margin`` is not positive.

    Source: Schroff, Kalenichenko & Philbin, "FaceNet", CVPR 2015, section 3.

    Example:
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> training_step(model, optimizer, torch.zeros(4, 3, 2, 2), torch.tensor([0, 0, 1, 1]))
        TrainingStep(loss=0.0, triplets=0)
    """
    require_module(model)
    require_images(images)
    require_labels(labels)
    require_positive(margin=margin)

    embeddings = model(images)
    distances = pairwise_squared_distances(embeddings.detach())
    anchors, positives, negatives = semi_hard_triplets(
        distances, labels, margin, generator=generator
    )
    if len(anchors) == 0:
        return TrainingStep(0.0, 0)
    loss = triplet_loss(embeddings[anchors], embeddings[positives], embeddings[negatives], margin)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return TrainingStep(loss.item(), len(anchors))
