"""SEMICON: attention that looks elsewhere at each stage; codes of the whole and of parts."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from course_lib.networks.channel_transformer import ChannelTransformer
from course_lib.networks.stages import split_backbone
from course_lib.validation import require_integers, require_positive

N_STAGES = 3


class SuppressionGuidedAttention(nn.Module):
    """Masks over the positions of feature maps, each of what earlier masks have left.

    At each stage a mask is a softmax over the positions. What it stands out at is then damped for
    the next: a position's features are multiplied by 2 − clip((a − mean) / stdᵅ + 1, 0, 2), at most
    2 where there was little attention, and 0 at a peak.

    As published, mean and deviation are taken over the batch, so that codes depend on the other
    images; and a mask without any deviation gives NaN. Here mean and deviation are taken over the
    image itself, and a constant mask suppresses nothing.

    Args:
        channels: channels of the feature maps.
        n_stages: masks.
        width: channels that the masks are computed from.
        alpha: α; 0.3 in the article (0.15 in its published code).

    Source: Shen, Sun, Wei, Chen & Yang, "SEMICON", ECCV 2022, section 3.2.

    Example:
        >>> masks = SuppressionGuidedAttention(channels=16).eval()(torch.rand(2, 16, 4, 4))
        >>> masks.shape, bool((masks.sum(dim=(2, 3)) - 1).abs().max() < 1e-5)
        (torch.Size([2, 3, 4, 4]), True)
    """

    def __init__(
        self, channels: int, n_stages: int = N_STAGES, *, width: int = 64, alpha: float = 0.3
    ) -> None:
        super().__init__()
        require_integers(1, channels=channels, n_stages=n_stages, width=width)
        require_positive(alpha=alpha)
        self.alpha = alpha
        self.reduce = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.stages = nn.ModuleList(nn.Conv2d(width, width, kernel_size=1) for _ in range(n_stages))

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to masks ``(N, n_stages, H, W)``, each of sum 1."""
        left = self.reduce(features)  # (N, width, H, W)
        masks = []
        for stage in self.stages:
            scores = stage(left).mean(dim=1)  # (N, H, W)
            mask = scores.flatten(1).softmax(dim=1).view_as(scores)
            masks.append(mask)
            left = left * self.suppression(mask)[:, None]
        return torch.stack(masks, dim=1)

    @torch.no_grad()
    def suppression(self, mask: Tensor) -> Tensor:
        """Return what features are multiplied by after a stage: ``(N, H, W)`` in [0, 2]."""
        mean = mask.mean(dim=(1, 2), keepdim=True)
        deviation = (mask - mean).square().mean(dim=(1, 2), keepdim=True).sqrt()
        # Where the deviation is 0 so is what it divides.
        apart = (mask - mean) / deviation.clamp_min(torch.finfo(mask.dtype).tiny) ** self.alpha
        return 2 - (apart + 1).clamp(0, 2)


def split_bits(n_bits: int, n_local: int = N_STAGES) -> tuple[int, ...]:
    """Divide bits among the global view and the local views.

    Half of the bits are global and the others local in equal parts, as published; what does not
    divide is global, so that the sum is always ``n_bits``. (Published: right for multiples of 6 and
    32 only; 16 bits became 14.)

    Args:
        n_bits: at least ``2 * n_local``.
        n_local: local views.

    Raises:
        TypeError, ValueError: a number is out of range.

    Example:
        >>> split_bits(32)
        (17, 5, 5, 5)
        >>> split_bits(16)
        (10, 2, 2, 2)
    """
    require_integers(1, n_local=n_local)
    require_integers(2 * n_local, n_bits=n_bits)
    local = n_bits // (2 * n_local)
    return (n_bits - n_local * local, *[local] * n_local)


class SEMICON(nn.Module):
    """SEMICON: a backbone whose last stage sees the whole image, and attended parts of it.

    Args:
        backbone: a backbone of ``build_backbone``; its last stage is copied for the parts.
        n_bits: length of the codes, at least 6.
        alpha: exponent α of the suppression.
        channel_transformers: end the last stages with a :class:`ChannelTransformer`.

    Source: Shen, Sun, Wei, Chen & Yang, "SEMICON", ECCV 2022. There the transformers stand after
    the second and third block of a ResNet-50's last stage; here one stands after the stage.

    Example:
        >>> from course_lib.networks import build_backbone
        >>> network = SEMICON(build_backbone("small"), n_bits=12).eval()
        >>> images = torch.rand(2, 3, 64, 64)
        >>> network(images).shape, network.attention_maps(images).shape
        (torch.Size([2, 12]), torch.Size([2, 3, 8, 8]))
    """

    def __init__(
        self,
        backbone: nn.Module,
        n_bits: int,
        *,
        alpha: float = 0.3,
        channel_transformers: bool = True,
    ) -> None:
        super().__init__()
        bits = split_bits(n_bits)
        self.trunk, last, middle, out = split_backbone(backbone)
        self.attention = SuppressionGuidedAttention(middle, alpha=alpha)
        self.whole, self.parts = (
            nn.Sequential(
                copy.deepcopy(last),
                ChannelTransformer(out, max(out // 64, 16))
                if channel_transformers
                else nn.Identity(),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
            )
            for _ in range(2)
        )
        self.heads = nn.ModuleList(nn.Linear(out, count) for count in bits)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, n_bits)`` outputs in (−1, 1)."""
        features = self.trunk(images.to(memory_format=torch.channels_last))
        masks = self.attention(features)
        views = [self.whole(features)]
        # A mask has sum 1: times the number of positions an even one leaves the features as they
        # are, whatever their resolution.
        positions = masks.shape[2] * masks.shape[3]
        views += [self.parts(features * mask[:, None] * positions) for mask in masks.unbind(dim=1)]
        with torch.autocast(images.device.type, enabled=False):
            pairs = zip(self.heads, views, strict=True)
            return torch.cat([head(view.to(images.dtype)) for head, view in pairs], dim=1).tanh()

    def attention_maps(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to masks ``(N, 3, h, w)``, for pictures."""
        return self.attention(self.trunk(images.to(memory_format=torch.channels_last)))
