"""Losses that pull positives together and push negatives apart."""

import torch
from torch import Tensor

from course_lib.validation import (
    require_choice,
    require_embeddings,
    require_mask,
    require_positive,
    require_same_kind,
    require_same_shape,
)


def contrastive_loss(x: Tensor, y: Tensor, similar: Tensor, margin: float = 1.0) -> Tensor:
    """Contrastive loss of N pairs: 1/(2N) Σ [ s d² + (1 − s) max(0, margin − d)² ].

    d is the Euclidean distance (not squared) of row i of ``x`` from row i of ``y``. Similar pairs
    are pulled together; dissimilar pairs are pushed apart until they are ``margin`` away.

    Args:
        x: ``(N, D)`` embeddings, floating point.
        y: ``(N, D)`` embeddings of the same dtype and device.
        similar: ``(N,)`` bool, True where the pair shows the same product.
        margin: distance beyond which a dissimilar pair costs nothing, > 0.

    Returns:
        Scalar of the embeddings' dtype. Zero, and still connected to the graph, for N = 0. An
        identical dissimilar pair has no direction to be pushed in: its gradient is 0, not NaN.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or ``margin`` is not positive.

    Source: Hadsell, Chopra & LeCun, "Dimensionality Reduction by Learning an Invariant Mapping",
    CVPR 2006, eq. 4.
    """
    require_embeddings(x=x, y=y, allow_empty=True)
    require_same_kind(x=x, y=y)
    require_same_shape(x=x, y=y)
    require_mask(similar, "similar", of=x)
    require_positive(margin=margin)

    # Not sqrt(sum of squares): its slope at 0 is infinite, and infinity times 0 is NaN.
    # vector_norm has gradient 0 there.
    distances = torch.linalg.vector_norm(x - y, dim=1)
    costs = torch.where(similar, distances.square(), (margin - distances).relu().square())
    # The sum of no costs is a zero that backward() accepts; the mean of none would be NaN.
    return costs.sum() / (2 * max(len(costs), 1))


def triplet_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 0.2,
    reduction: str = "mean",
) -> Tensor:
    """Triplet loss max(0, ‖a − p‖² − ‖a − n‖² + margin), on squared distances.

    Args:
        anchor: ``(N, D)`` embeddings, floating point.
        positive: ``(N, D)`` embeddings of other images of the anchors' products.
        negative: ``(N, D)`` embeddings of images of other products.
        margin: how much farther, in squared distance, the negative shall be, > 0.
        reduction: ``"mean"`` over the triplets, ``"sum"``, or ``"none"``.

    Returns:
        Scalar, or ``(N,)`` for ``"none"``, of the embeddings' dtype. For N = 0 mean and sum are a
        zero that is still connected to the graph.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, ``margin`` is not positive, or
            ``reduction`` is unknown.

    Source: Schroff, Kalenichenko & Philbin, "FaceNet", CVPR 2015, eq. 2 (there the plain sum).
    """
    require_embeddings(anchor=anchor, positive=positive, negative=negative, allow_empty=True)
    require_same_kind(anchor=anchor, positive=positive, negative=negative)
    require_same_shape(anchor=anchor, positive=positive, negative=negative)
    require_positive(margin=margin)
    require_choice(("mean", "sum", "none"), reduction=reduction)

    to_positive = (anchor - positive).square().sum(dim=1)
    to_negative = (anchor - negative).square().sum(dim=1)
    # The hinge acts on each triplet: an easy one must not pay for a hard one.
    losses = (to_positive - to_negative + margin).relu()
    if reduction == "none":
        return losses
    total = losses.sum()
    # Dividing the sum keeps an empty selection at 0, where losses.mean() would be NaN.
    return total if reduction == "sum" else total / max(len(losses), 1)
