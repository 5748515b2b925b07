"""From feature maps to embeddings: pooling and normalisation on top of a backbone."""

import torch
from torch import Tensor, nn

from course_lib.distances import l2_normalize
from course_lib.networks.residual import SmallResNet


class Embedder(nn.Module):
    """Backbone, global average pooling, L2 normalisation: an image becomes a unit vector.

    Normalising inside the model makes training and search see the same vectors, and gives the
    margin of a loss a fixed meaning: squared distances lie in [0, 4].

    Args:
        backbone: maps ``(N, 3, H, W)`` images to ``(N, D, h, w)`` feature maps; a
            :class:`SmallResNet` if None.
    """

    def __init__(self, backbone: nn.Module | None = None) -> None:
        super().__init__()
        self.backbone = SmallResNet() if backbone is None else backbone

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` images in [0, 1] -> ``(N, D)`` embeddings of length 1."""
        features = self.backbone(images.to(memory_format=torch.channels_last))
        return l2_normalize(features.mean(dim=(2, 3)))
