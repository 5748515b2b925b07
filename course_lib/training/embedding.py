"""Embeddings of many images."""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from course_lib.validation import require_images, require_integers, require_items, require_module


def embed(model: nn.Module, images: Tensor, batch_size: int = 256) -> Tensor:
    """Return the embeddings of many images, in evaluation mode and without a graph.

    Args:
        model: maps ``(N, 3, H, W)`` images to ``(N, D)`` embeddings. Its mode is restored.
        images: ``(N, 3, H, W)``, floating point, on any device.
        batch_size: images at a time.

    Returns:
        ``(N, D)`` embeddings on the model's device.

    Raises:
        TypeError, ValueError: ``images`` is no floating-point ``(N, C, H, W)`` tensor, or
            ``batch_size`` is below 1.

    Example:
        >>> from course_lib.networks import Embedder
        >>> embeddings = embed(Embedder(), torch.rand(5, 3, 64, 64), batch_size=2)
        >>> embeddings.shape, embeddings.requires_grad
        (torch.Size([5, 128]), False)
    """
    require_images(images)
    require_integers(1, batch_size=batch_size)

    device = device_of(model)
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return torch.cat([model(batch.to(device)) for batch in images.split(batch_size)])
    finally:
        model.train(was_training)


def embed_dataset(
    model: nn.Module, dataset: Dataset[tuple[Tensor, int]], batch_size: int = 256
) -> tuple[Tensor, Tensor]:
    """Return embeddings and labels of a data set, in its order and in evaluation mode.

    No graph is made. :func:`embed` wants all images in one tensor; here only a batch of them is in
    memory at a time.

    Args:
        model: maps ``(N, 3, H, W)`` images to ``(N, D)`` embeddings. Its mode is restored.
        dataset: has a length N >= 1; its items are pairs of an image, ``(3, H, W)`` floating point,
            and a label, an integer. Each item is read once.
        batch_size: images at a time; the last batch may be smaller.

    Returns:
        ``(N, D)`` embeddings and ``(N,)`` int64 labels, both on the CPU; row i is of item i.

    Raises:
        TypeError, ValueError: ``model`` is no module, ``dataset`` has no length or no item, or
            ``batch_size`` is below 1.

    Example:
        >>> from course_lib.networks import Embedder
        >>> dataset = [(torch.rand(3, 64, 64), 7), (torch.rand(3, 64, 64), 3)]
        >>> embeddings, labels = embed_dataset(Embedder(), dataset)
        >>> embeddings.shape, labels
        (torch.Size([2, 128]), tensor([7, 3]))
    """
    require_module(model)
    require_items(dataset)
    require_integers(1, batch_size=batch_size)

    batches = DataLoader(dataset, batch_size)
    device, was_training = device_of(model), model.training
    embeddings, labels = [], []
    try:
        model.eval()
        with torch.no_grad():
            for images, batch_labels in batches:
                embeddings.append(model(images.to(device)).cpu())
                labels.append(batch_labels)
    finally:
        model.train(was_training)
    return torch.cat(embeddings), torch.cat(labels)


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a model's parameters; the CPU if it has none.

    Example:
        >>> device_of(nn.Linear(2, 1))
        device(type='cpu')
    """
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
