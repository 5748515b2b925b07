"""The shortest training loop: triplets of each batch, and Adam."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor, nn

from course_lib.distances import pairwise_squared_distances
from course_lib.losses import triplet_loss
from course_lib.mining import semi_hard_triplets
from course_lib.training.embedding import device_of
from course_lib.training.step import TrainingStep
from course_lib.validation import require_images, require_integers, require_labels, require_positive

TripletLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(anchor, positive, negative) embeddings -> scalar."""
TripletMiner = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
"""(squared distances, labels) -> positions of anchors, positives and negatives in the batch."""


def train_triplets(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    batches: Iterable[list[int]],
    *,
    steps: int,
    loss: TripletLoss = triplet_loss,
    miner: TripletMiner = semi_hard_triplets,
    augment: Callable[[Tensor], Tensor] | None = None,
    learning_rate: float = 1e-3,
    progress: Callable[[Iterable[list[int]]], Iterable[list[int]]] | None = None,
) -> list[TrainingStep]:
    """Train a model in place on the triplets that ``miner`` finds in each batch.

    All layers are trained, by Adam; batch normalisation works on the statistics of the batch. A
    batch without triplets changes nothing.

    Args:
        model: maps ``(N, 3, H, W)`` images to ``(N, D)`` embeddings of length 1. Left in evaluation
            mode.
        images: ``(N, 3, H, W)``, floating point, on any device.
        labels: ``(N,)`` integer product ids.
        batches: lists of positions in ``images``, such as a ``CategoryProductBatchSampler``;
            iterated anew whenever they run out.
        steps: batches to train on, >= 1.
        loss: maps anchors', positives' and negatives' embeddings to a scalar.
        miner: maps the batch's squared distances and labels to three vectors of positions.
        augment: maps a batch of images to one of the same shape; None leaves them as they are.
        learning_rate: learning rate of Adam, > 0.
        progress: wraps the batches to show how far it is, such as ``tqdm``.

    Returns:
        One entry per step.

    Raises:
        TypeError, ValueError: shapes or dtypes do not fit, a number is out of range, or ``batches``
            yields none.

    Example:
        >>> from course_lib.networks import Embedder
        >>> from course_lib.sampling import CategoryProductBatchSampler
        >>> images, labels = torch.rand(8, 3, 32, 32), torch.arange(8) // 2
        >>> batches = CategoryProductBatchSampler(
        ...     labels // 2, labels, n_categories=2, n_products=2, n_images=2
        ... )
        >>> history = train_triplets(Embedder(), images, labels, batches, steps=2)
        >>> len(history)
        2
    """
    require_images(images)
    require_labels(labels)
    require_integers(1, steps=steps)
    require_positive(learning_rate=learning_rate)
    if len(labels) != len(images):
        raise ValueError(f"there are {len(images)} images but {len(labels)} labels")

    device = device_of(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history = []
    model.train()
    chosen: Iterable[list[int]] = islice(_endless(batches), steps)
    for batch in chosen if progress is None else progress(chosen):
        inputs = images[batch].to(device)
        embeddings = model(inputs if augment is None else augment(inputs))
        distances = pairwise_squared_distances(embeddings.detach())
        anchors, positives, negatives = miner(distances, labels[batch].to(device))
        batch_loss = loss(embeddings[anchors], embeddings[positives], embeddings[negatives])
        # Without triplets the gradient is zero, but Adam's momentum would still move the weights.
        if len(anchors) > 0:
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
        history.append(TrainingStep(batch_loss.item(), len(anchors)))
    model.eval()
    return history


def _endless(batches: Iterable[list[int]]) -> Iterator[list[int]]:
    while True:
        empty = True
        for batch in batches:
            empty = False
            yield batch
        if empty:
            raise ValueError("batches yields no batch; is it an iterator that is used up?")
