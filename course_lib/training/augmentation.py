"""Random changes to training images: what an image shows stays the same."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.validation import (
    require_generator,
    require_images,
    require_integers,
    require_positive,
)


def mirror_and_shift(images: Tensor, max_shift: int = 4) -> Tensor:
    """Mirror each image with probability 1/2, and shift it by up to ``max_shift`` pixels.

    What a photo shows is the same when it is mirrored or moved, and a network that sees it so
    learns that. Edges are filled by repeating them. Uses torch's global generator.

    Args:
        images: ``(N, C, H, W)``, floating point.
        max_shift: pixels, >= 0; vertical and horizontal shifts are independent.

    Returns:
        Tensor of the same shape.

    Example:
        >>> mirror_and_shift(torch.rand(8, 3, 64, 64)).shape
        torch.Size([8, 3, 64, 64])
        >>> mirror_and_shift(torch.full((1, 1, 2, 2), 0.5)).squeeze()
        tensor([[0.5000, 0.5000],
                [0.5000, 0.5000]])
    """
    require_images(images)
    require_integers(0, max_shift=max_shift)

    n, _, height, width = images.shape
    padded = nn.functional.pad(images, (max_shift,) * 4, mode="replicate")
    device = images.device
    tops, lefts = torch.randint(2 * max_shift + 1, (2, n, 1), device=device)
    rows = tops + torch.arange(height, device=device)  # (N, H)
    columns = lefts + torch.arange(width, device=device)  # (N, W)
    mirrored = torch.rand(n, 1, device=device) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    positions = torch.arange(n, device=device)[:, None, None]
    # Indices around a slice come first in the result: (N, H, W, C), which is channels last.
    return padded[positions, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def jitter(
    images: Tensor, strength: float = 1.0, *, generator: torch.Generator | None = None
) -> Tensor:
    """Turn, scale, shift and recolour each image a little, independently of the others.

    At strength 1: by up to 15 degrees, 15 per cent, a tenth of its side, and 20 per cent of each
    colour; all uniformly distributed. Edges are filled by repeating them.

    Args:
        images: ``(N, C, H, W)``, floating point in [0, 1].
        strength: factor of all these ranges, > 0.
        generator: source of the chance, on the images' device; None for torch's global one.

    Returns:
        Tensor of the same shape, in [0, 1].

    Example:
        >>> images = torch.rand(8, 3, 64, 64)
        >>> changed = jitter(images, strength=0.5)
        >>> changed.shape, torch.equal(changed, images)
        (torch.Size([8, 3, 64, 64]), False)
    """
    require_images(images)
    require_positive(strength=strength)
    require_generator(generator, on=images)

    def uniform(*shape: int) -> Tensor:
        """In [-strength, strength]."""
        draws = torch.rand(shape, generator=generator, device=images.device, dtype=images.dtype)
        return (2 * draws - 1) * strength

    n, channels = images.shape[:2]
    angles = uniform(n) * math.radians(15)
    scales = 1 + 0.15 * uniform(n)
    # An affine map from places in the result to places in the image, both in [-1, 1].
    cosines, sines = angles.cos() * scales, angles.sin() * scales
    shifts = 0.2 * uniform(n, 2)
    rows = torch.stack([cosines, -sines, shifts[:, 0], sines, cosines, shifts[:, 1]], dim=1)
    grid = nn.functional.affine_grid(rows.view(n, 2, 3), list(images.shape), align_corners=False)
    moved = nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    gains = 1 + 0.2 * uniform(n, channels, 1, 1)
    return (moved * gains).clamp(0, 1)


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor] | None] = {
    "none": None,
    "mirror_and_shift": mirror_and_shift,
    "jitter": jitter,
    "mirror_and_jitter": lambda images: jitter(mirror_and_shift(images, 0)),
}
"""What recipes may name."""
