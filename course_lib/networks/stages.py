"""Backbones in two parts: the trunk, and the last stage, of which a network may need copies."""

from typing import NamedTuple

from torch import Tensor, nn

from course_lib.networks.backbones import TorchvisionResNet
from course_lib.networks.residual import SmallResNet


class SplitBackbone(NamedTuple):
    """A backbone in two modules, which share its weights.

    Attributes:
        trunk: ``(N, 3, H, W)`` images in [0, 1] -> ``(N, middle, h, w)``.
        last: ``(N, middle, h, w)`` -> ``(N, out, h / 2, w / 2)``.
        middle, out: numbers of channels.

    Example:
        >>> import torch
        >>> parts = split_backbone(SmallResNet())
        >>> parts.last(parts.trunk(torch.rand(1, 3, 64, 64))).shape, parts.middle, parts.out
        (torch.Size([1, 128, 4, 4]), 64, 128)
    """

    trunk: nn.Module
    last: nn.Module
    middle: int
    out: int


def split_backbone(backbone: nn.Module) -> SplitBackbone:
    """Split a backbone of ``build_backbone`` into its trunk and its last stage.

    Raises:
        TypeError: the backbone is of another kind.

    Example:
        >>> import torch
        >>> backbone = SmallResNet().eval()
        >>> trunk, last, _, _ = split_backbone(backbone)
        >>> images = torch.rand(1, 3, 64, 64)
        >>> torch.equal(last(trunk(images)), backbone(images))
        True
    """
    if isinstance(backbone, SmallResNet):
        *blocks, last = backbone
        return SplitBackbone(
            nn.Sequential(*blocks), last, backbone.widths[-2], backbone.out_channels
        )
    if isinstance(backbone, TorchvisionResNet):
        *_, last = backbone.layers
        return SplitBackbone(
            _Trunk(backbone), last, backbone.out_channels // 2, backbone.out_channels
        )
    raise TypeError(
        f"a {type(backbone).__name__} cannot be split: take a backbone of build_backbone"
    )


class _Trunk(nn.Module):
    """A torchvision ResNet without its last stage."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: TorchvisionResNet) -> None:
        super().__init__()
        self.register_buffer("mean", backbone.mean, persistent=False)
        self.register_buffer("std", backbone.std, persistent=False)
        self.stem = backbone.stem
        self.layers = backbone.layers[:-1]

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(self.stem((images - self.mean) / self.std))
