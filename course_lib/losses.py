"""Losses that pull positives together and push negatives apart: of pairs, triplets and rankings."""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from course_lib.distances import l2_normalize
from course_lib.validation import (
    require_choice,
    require_embeddings,
    require_integers,
    require_labels,
    require_mask,
    require_positive,
    require_same_kind,
    require_same_shape,
    require_scores,
)


def contrastive_loss(x: Tensor, y: Tensor, similar: Tensor, margin: float = 1.0) -> Tensor:
    """Compute the contrastive loss of N pairs: 1/(2N) Σ [ s d² + (1 − s) max(0, margin − d)² ].

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

    Example:
        >>> x = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
        >>> y = torch.tensor([[0.6, 0.8], [0.3, 0.4], [3.0, 4.0]])
        >>> contrastive_loss(x, y, torch.tensor([True, False, False]), margin=1.0)
        tensor(0.2083)
    """
    require_embeddings(x=x, y=y, allow_empty=True)
    require_same_kind(x=x, y=y)
    require_same_shape(x=x, y=y)
    require_mask(similar, "similar", of=x)
    require_positive(margin=margin)

    # Not sqrt(sum of squares): its slope at 0 is infinite, and infinity times 0 is NaN.
    # vector_norm has gradient 0 there.
    distances = torch.linalg.vector_norm(x - y, dim=1)  # (N,)
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
    """Compute the triplet loss max(0, ‖a − p‖² − ‖a − n‖² + margin), on squared distances.

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

    Example:
        >>> anchor = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
        >>> positive = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
        >>> negative = torch.tensor([[0.0, 1.0], [0.0, 2.0]])
        >>> triplet_loss(anchor, positive, negative, margin=0.2, reduction="none")
        tensor([0.2000, 0.0000])
        >>> triplet_loss(anchor, positive, negative, margin=0.2)
        tensor(0.1000)
    """
    require_embeddings(anchor=anchor, positive=positive, negative=negative, allow_empty=True)
    require_same_kind(anchor=anchor, positive=positive, negative=negative)
    require_same_shape(anchor=anchor, positive=positive, negative=negative)
    require_positive(margin=margin)
    require_choice(("mean", "sum", "none"), reduction=reduction)

    to_positive = (anchor - positive).square().sum(dim=1)
    to_negative = (anchor - negative).square().sum(dim=1)
    # The hinge acts on each triplet: an easy one must not pay for a hard one.
    losses = (to_positive - to_negative + margin).relu()  # (N,)
    if reduction == "none":
        return losses
    total = losses.sum()
    # Dividing the sum keeps an empty selection at 0, where losses.mean() would be NaN.
    return total if reduction == "sum" else total / max(len(losses), 1)


def average_precision(similarities: Tensor, relevant: Tensor) -> Tensor:
    """Compute the average precision of each query from its similarities to the items.

    AP = 1/|P| Σ_{i ∈ P} R(i, P) / R(i, Ω), where P holds the relevant items, Ω all of them, and
    R(i, S) = 1 + Σ_{j ∈ S} 1[s_j > s_i] is the rank of item i in the set S. Items that are equally
    similar share the better rank.

    Args:
        similarities: ``(Q, R)``, floating point: the higher, the nearer.
        relevant: ``(Q, R)`` bool: is this item relevant to this query?

    Returns:
        ``(Q,)`` of the similarities' dtype, in (0, 1]; NaN for a query without any relevant item.
        It is a step function of the similarities, so there is no gradient.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or there are no items.

    Source: Brown, Xie, Kalogeiton & Zisserman, "Smooth-AP", ECCV 2020, eq. 1 to 3.

    Example:
        >>> similarities = torch.tensor([[0.9, 0.7, 0.5], [0.9, 0.7, 0.5]])
        >>> relevant = torch.tensor([[True, False, False], [False, True, True]])
        >>> average_precision(similarities, relevant)
        tensor([1.0000, 0.5833])
    """
    require_scores(similarities, relevant)

    similarities = similarities.detach().contiguous()
    # An item that is not relevant stands above none: a rank in P counts relevant items only.
    only_relevant = similarities.masked_fill(~relevant, -torch.inf)
    # In ascending order, where an item would be put behind its equals: that many are not above it.
    below = torch.searchsorted(similarities.sort(dim=1).values, similarities, right=True)
    below_in_p = torch.searchsorted(only_relevant.sort(dim=1).values, similarities, right=True)
    ranks = 1 + similarities.shape[1] - below
    ranks_among_relevant = 1 + similarities.shape[1] - below_in_p
    precisions = (ranks_among_relevant.double() / ranks).where(relevant, 0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)


def dense_smooth_ap_loss(embeddings: Tensor, labels: Tensor, temperature: float = 0.01) -> Tensor:
    """Compute the Smooth-AP loss as published: 1 − the mean smooth average precision of a batch.

    Every image of the batch is a query, and the batch is what it searches in. The step 1[s_j > s_i]
    of a rank becomes a sigmoid G(s_j − s_i) = 1 / (1 + exp(−(s_j − s_i) / temperature)), which has
    a gradient. As published, the query itself is one of its relevant items. This form compares
    every two images for every query: memory and time grow with B³. :func:`smooth_ap_loss` gives
    the same value with B² P, P images a product.

    Args:
        embeddings: ``(B, D)``, floating point, of any length: similarities are cosines.
        labels: ``(B,)`` integer product ids, in any order. An image alone of its product is no
            query; the others search among all.
        temperature: temperature of the sigmoid, > 0. The smaller, the closer to the average
            precision, and the fewer pairs get a gradient.

    Returns:
        Scalar of the embeddings' dtype, in [0, 1). Zero, and still connected to the graph, where no
        product has two images.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or ``temperature`` is not
            positive.

    Source: Brown, Xie, Kalogeiton & Zisserman, "Smooth-AP", ECCV 2020, eq. 5 to 7.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]])
        >>> dense_smooth_ap_loss(embeddings, torch.tensor([0, 0, 1, 1]))
        tensor(0.0878)
        >>> dense_smooth_ap_loss(embeddings, torch.tensor([0, 1, 0, 1]))
        tensor(0.1250)
    """
    require_embeddings(embeddings=embeddings)
    require_labels(labels, of=embeddings)
    require_positive(temperature=temperature)

    # float32 at least: for temperatures as small as these, half precision is too coarse.
    wide = torch.promote_types(embeddings.dtype, torch.float32)
    unit = l2_normalize(embeddings.to(wide))
    similarities = unit @ unit.T  # (B, B)
    relevant = labels[:, None] == labels  # (B, B)
    # above[q, i, j]: how surely image j stands above image i when q is the query.
    above = torch.sigmoid((similarities[:, None, :] - similarities[:, :, None]) / temperature)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    above = above.masked_fill(itself, 0)
    ranks = 1 + above.sum(dim=2)  # (B, B)
    ranks_among_relevant = 1 + (above * relevant[:, None, :]).sum(dim=2)
    precisions = (ranks_among_relevant / ranks).where(relevant, 0).sum(dim=1) / relevant.sum(dim=1)
    queries = relevant.sum(dim=1) > 1
    losses = (1 - precisions)[queries]  # (Q,)
    # The sum of no losses is a zero that backward() accepts; the mean of none would be NaN.
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)


def smooth_ap_loss(
    embeddings: Tensor,
    labels: Tensor,
    temperature: float = 0.01,
    *,
    count_query: bool = True,
    chunk_size: int | None = None,
) -> Tensor:
    """Compute the Smooth-AP loss with memory and time of B² P instead of B³.

    Value and gradient are those of :func:`dense_smooth_ap_loss`. Only ranks of relevant items enter
    an average precision. So only they are computed: one row of B comparisons for each pair of a
    query and one of its relevant items.

    Args:
        embeddings: ``(B, D)``, floating point, of any length: similarities are cosines.
        labels: ``(B,)`` integer product ids, in any order. An image alone of its product is no
            query; the others search among all.
        temperature: temperature of the sigmoid, > 0.
        count_query: as published, the query itself is one of its relevant items and stands above
            all. False leaves it out of relevant items and ranks, as a search would.
        chunk_size: pairs computed at a time, >= 1; None for all. Values stay; memory is then
            ``chunk_size * B``, and the backward pass computes every chunk anew.

    Returns:
        Scalar of the embeddings' dtype, in [0, 1). Zero, and still connected to the graph, where no
        product has two images.

    Raises:
        TypeError, ValueError: shapes, dtypes or devices do not fit, or a number is out of range.

    Source: Brown, Xie, Kalogeiton & Zisserman, "Smooth-AP", ECCV 2020, eq. 5 to 7.

    Example:
        >>> embeddings = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.6, 0.8]])
        >>> labels = torch.tensor([0, 1, 0, 1])
        >>> smooth_ap_loss(embeddings, labels)
        tensor(0.1250)
        >>> smooth_ap_loss(embeddings, labels, count_query=False)
        tensor(0.3333)
    """
    require_embeddings(embeddings=embeddings)
    require_labels(labels, of=embeddings)
    require_positive(temperature=temperature)
    if chunk_size is not None:
        require_integers(1, chunk_size=chunk_size)

    wide = torch.promote_types(embeddings.dtype, torch.float32)
    unit = l2_normalize(embeddings.to(wide))
    # Divided here, where there are B², and not below, where there are B² P.
    similarities = unit @ unit.T / temperature  # (B, B)
    relevant = labels[:, None] == labels
    if not count_query:
        relevant.fill_diagonal_(False)
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        similarities = similarities.masked_fill(itself, -torch.inf)  # above nothing
    counts = relevant.sum(dim=1)
    relevant &= (counts > count_query)[:, None]  # an image alone of its product is no query
    queries, items = relevant.nonzero(as_tuple=True)  # (N,), (N,): a pair each

    def precisions(queries: Tensor, items: Tensor) -> Tensor:
        above = similarities.index_select(0, queries)  # (N, B)
        above -= similarities[queries, items][:, None]
        above.sigmoid_()  # in place: fresh tensors of this size take longer to get than to fill
        # Each item was compared with itself, too, and came out at ½: 1 − ½ is what ranks add.
        ranks = above.sum(dim=1) + 0.5  # (N,)
        ranks_among_relevant = torch.where(relevant[queries], above, 0).sum(dim=1) + 0.5
        return ranks_among_relevant / ranks

    if chunk_size is None:
        found = precisions(queries, items)
    else:
        chunks = zip(queries.split(chunk_size), items.split(chunk_size), strict=True)
        found = torch.cat([checkpoint(precisions, *chunk, use_reentrant=False) for chunk in chunks])
    missing = ((1 - found) / counts[queries]).sum()
    return (missing / max(int((counts > count_query).sum()), 1)).to(embeddings.dtype)


class SmoothAP(nn.Module):
    """The Smooth-AP loss as a module, called with embeddings and labels.

    Its values are those of :func:`smooth_ap_loss`.

    Args:
        temperature: temperature of the sigmoid, > 0.
        count_query: whether the query is one of its own relevant items, as published.
        chunk_size: pairs computed at a time; None for all.

    Raises:
        TypeError, ValueError: a number is out of range.

    Example:
        >>> loss = SmoothAP(temperature=0.1)
        >>> loss
        SmoothAP(temperature=0.1, count_query=True, chunk_size=None)
        >>> loss(torch.eye(4), torch.tensor([0, 0, 1, 1]))
        tensor(0.1667)
    """

    def __init__(
        self, temperature: float = 0.01, count_query: bool = True, chunk_size: int | None = None
    ) -> None:
        super().__init__()
        require_positive(temperature=temperature)
        if chunk_size is not None:
            require_integers(1, chunk_size=chunk_size)
        self.temperature = temperature
        self.count_query = count_query
        self.chunk_size = chunk_size

    def forward(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the scalar loss of ``(B, D)`` embeddings and ``(B,)`` product ids."""
        return smooth_ap_loss(
            embeddings,
            labels,
            self.temperature,
            count_query=self.count_query,
            chunk_size=self.chunk_size,
        )

    def extra_repr(self) -> str:
        """Return the settings, for ``print(module)``."""
        return (
            f"temperature={self.temperature}, count_query={self.count_query}, "
            f"chunk_size={self.chunk_size}"
        )
