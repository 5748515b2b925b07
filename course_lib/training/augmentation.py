"""Changes to a training image that leave what it shows as it is."""

import torch
from torch import Tensor, nn

from course_lib.validation import require_images, require_integers


def mirror_and_shift(images: Tensor, max_shift: int = 4) -> Tensor:
    """Each image mirrored with probability 1/2 and shifted by up to ``max_shift`` pixels.

    What a photo shows is the same when it is mirrored or moved, and a network that sees it so
    learns that. Edges are filled by repeating them. Uses torch's global generator.

    Args:
        images: ``(N, C, H, W)``, floating point.
        max_shift: pixels, >= 0; vertical and horizontal shifts are independent.

    Returns:
        Tensor of the same shape.
    """
    require_images(images)
    require_integers(0, max_shift=max_shift)

    n, _, height, width = images.shape
    padded = nn.functional.pad(images, (max_shift,) * 4, mode="replicate")
    device = images.device
    tops, lefts = torch.randint(2 * max_shift + 1, (2, n, 1), device=device)
    rows = tops + torch.arange(height, device=device)
    columns = lefts + torch.arange(width, device=device)
    mirrored = torch.rand(n, 1, device=device) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    positions = torch.arange(n, device=device)[:, None, None]
    # Indices around a slice come first in the result: (N, H, W, C), which is channels last.
    return padded[positions, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
