"""From many images to their embeddings."""

import torch
from torch import Tensor, nn

from course_lib.validation import require_images, require_integers


def embed(model: nn.Module, images: Tensor, batch_size: int = 256) -> Tensor:
    """Embeddings of many images, in evaluation mode and without a graph.

    Args:
        model: maps ``(N, 3, H, W)`` images to ``(N, D)`` embeddings. Its mode is restored.
        images: ``(N, 3, H, W)``, floating point, on any device.
        batch_size: images at a time.

    Returns:
        ``(N, D)`` embeddings on the model's device.

    Raises:
        TypeError, ValueError: ``images`` are no such tensor, or ``batch_size`` is below 1.
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


def device_of(model: nn.Module) -> torch.device:
    """Where a model's parameters are; the CPU if it has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
