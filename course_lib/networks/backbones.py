"""Backbones by name: the course's own small one, and torchvision's residual networks."""

from typing import Any

import torch
from torch import Tensor, nn

from course_lib.networks.residual import SmallResNet
from course_lib.validation import require_choice

SMALL = "small"
RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
BACKBONES = (SMALL, *RESNETS)

# Mean and standard deviation of ImageNet's channels, which torchvision's weights were trained with.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class PretrainedWeightsError(RuntimeError):
    """Pretrained weights that cannot be had; the message names the way out."""


def build_backbone(name: str, *, pretrained: bool = False) -> nn.Module:
    """Build a network from images in [0, 1] to feature maps, without pooling or classifier.

    Args:
        name: one of ``BACKBONES``: ``"small"`` for a :class:`SmallResNet`, or a torchvision ResNet.
        pretrained: start from torchvision's ImageNet weights, which are downloaded once; else from
            random weights.

    Returns:
        A module that maps ``(N, 3, H, W)`` to ``(N, D, h, w)``; D is its ``out_channels``.

    Raises:
        ValueError: the name is unknown, or pretrained weights are asked for where there are none.
        PretrainedWeightsError: the weights can neither be found on disk nor downloaded.

    Example:
        >>> backbone = build_backbone("small")
        >>> backbone(torch.rand(2, 3, 64, 64)).shape, backbone.out_channels
        (torch.Size([2, 128, 4, 4]), 128)
    """
    require_choice(BACKBONES, backbone=name)
    if name != SMALL:
        return TorchvisionResNet(name, pretrained=pretrained)
    if pretrained:
        raise ValueError(
            f"there are no pretrained weights of the {SMALL!r} backbone: train it from random "
            f"ones, or take one of {', '.join(RESNETS)}"
        )
    return SmallResNet()


class TorchvisionResNet(nn.Module):
    """A ResNet of torchvision up to its last feature maps, 32 times smaller than the image.

    Images come in [0, 1]; the standardisation that the weights expect is part of the model.

    Args:
        name: one of ``RESNETS``.
        pretrained: see :func:`build_backbone`.

    Attributes:
        out_channels: 512 for the two smaller networks, 2048 for the others.

    Example:
        >>> network = TorchvisionResNet("resnet18").eval()
        >>> network(torch.rand(1, 3, 64, 64)).shape, network.out_channels
        (torch.Size([1, 512, 2, 2]), 512)
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, *, pretrained: bool = False) -> None:
        super().__init__()
        require_choice(RESNETS, name=name)
        network = _torchvision_model(name, pretrained)
        self.out_channels: int = network.fc.in_features
        # No part of the state: constants of the data set, not of this network.
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)
        self.stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
        self.layers = nn.Sequential(network.layer1, network.layer2, network.layer3, network.layer4)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, out_channels, H / 32, W / 32)``."""
        return self.layers(self.stem((images - self.mean) / self.std))


def _torchvision_model(name: str, pretrained: bool) -> Any:
    from torchvision import models  # here, since it takes a second that small networks can save

    if not pretrained:
        return models.get_model(name, weights=None)
    weights = models.get_model_weights(name)["DEFAULT"]
    try:
        return models.get_model(name, weights=weights)
    except (OSError, RuntimeError) as error:  # no connection, no space; or a damaged file
        folder = f"{torch.hub.get_dir()}/checkpoints"
        raise PretrainedWeightsError(
            f"the pretrained weights of {name} cannot be had ({error}): put the file "
            f"{weights.url} into {folder}, or train without pretrained weights"
        ) from error
