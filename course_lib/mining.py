"""Pairs and triplets of a batch that are worth learning from."""

import torch
from torch import Tensor

from course_lib.validation import (
    require_generator,
    require_labels,
    require_positive,
    require_square_distances,
)


def anchor_positive_pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """List all ordered pairs of different images of the same product.

    Ordered, since the triplet loss is not symmetric: of (i, j) and (j, i) each makes the other
    image the anchor. A product of l images gives l (l − 1) pairs.

    Args:
        labels: ``(B,)`` integer product ids.

    Returns:
        ``(anchors, positives)``: two ``(P,)`` int64 tensors of positions in the batch, on the
        labels' device. P = 0 when no product has two images.

    Raises:
        TypeError, ValueError: ``labels`` is empty or no vector of integers.

    Example:
        >>> anchors, positives = anchor_positive_pairs(torch.tensor([7, 3, 7, 5, 7]))
        >>> list(zip(anchors.tolist(), positives.tolist()))
        [(0, 2), (0, 4), (2, 0), (2, 4), (4, 0), (4, 2)]
    """
    require_labels(labels)

    same_product = labels[:, None] == labels[None, :]  # (B, B)
    same_product.fill_diagonal_(False)  # an image is no positive of its own
    anchors, positives = same_product.nonzero(as_tuple=True)
    return anchors, positives


def semi_hard_triplets(
    distances: Tensor,
    labels: Tensor,
    margin: float = 0.2,
    *,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw one random semi-hard negative for every anchor-positive pair that has any.

    A negative is semi-hard when 0 < d²(a, p) − d²(a, n) + margin < margin, which is to say
    d²(a, p) < d²(a, n) < d²(a, p) + margin: farther from the anchor than the positive, but not yet
    by the margin. Pairs without one are left out.

    Args:
        distances: ``(B, B)`` squared distances of the batch, floating point.
        labels: ``(B,)`` integer product ids.
        margin: the triplet loss's margin, > 0.
        generator: source of the random choice, on the device of ``distances``; None for torch's
            global one. Equal generator states give equal triplets.

    Returns:
        ``(anchors, positives, negatives)``: three ``(T,)`` int64 tensors of positions in the batch,
        T at most the number of ordered pairs. The negative of each pair is drawn uniformly.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or ``margin`` is not positive.

    Source: Schroff, Kalenichenko & Philbin, "FaceNet", CVPR 2015, section 3.2 and eq. 4.

    Example:
        >>> distances = torch.tensor([[0.0, 0.5, 0.6, 0.9], [0.5, 0.0, 0.3, 0.8],
        ...                           [0.6, 0.3, 0.0, 0.7], [0.9, 0.8, 0.7, 0.0]])
        >>> labels = torch.tensor([0, 0, 1, 2])
        >>> anchors, positives, negatives = semi_hard_triplets(distances, labels)
        >>> anchors, positives, negatives
        (tensor([0]), tensor([1]), tensor([2]))
    """
    require_square_distances(distances)
    require_labels(labels, of=distances)
    require_positive(margin=margin)
    require_generator(generator, on=distances)

    distances = distances.detach()  # choosing is no part of what is learnt
    anchors, positives = anchor_positive_pairs(labels)
    # Infinitely far, so never semi-hard: the image itself and the others of its product.
    to_negative = distances.clone().fill_diagonal_(torch.inf)
    to_negative[anchors, positives] = torch.inf
    # Row a holds the distances from anchor a to its positives, side by side: its nth in column n.
    per_anchor = anchors.bincount(minlength=len(labels))  # (B,)
    nth = torch.arange(len(anchors), device=anchors.device)
    nth -= (per_anchor.cumsum(0) - per_anchor)[anchors]
    to_positive = distances.new_full((len(labels), int(per_anchor.max())), torch.inf)
    to_positive[anchors, nth] = distances[anchors, positives]
    # Anchor x positive x image: no batch has room for anchor x image x image.
    semi_hard = to_negative[:, None] > to_positive[:, :, None]  # (B, P, B)
    semi_hard &= to_negative[:, None] < (to_positive + margin)[:, :, None]

    # The semi-hard negatives of all pairs stand one after another, those of a pair together:
    # each pair draws one of its own, at the price of one random number.
    rows, found = semi_hard.flatten(0, 1).nonzero(as_tuple=True)
    counts = rows.bincount(minlength=to_positive.numel()).view_as(to_positive)[anchors, nth]
    draws = torch.rand(len(counts), generator=generator, device=distances.device)
    chosen = counts.cumsum(0) - counts + (draws * counts).long()
    has_any = counts > 0
    return anchors[has_any], positives[has_any], found[chosen[has_any]]
