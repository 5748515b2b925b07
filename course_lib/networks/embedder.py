"""From feature maps to embeddings: pooling, projection and normalisation on top of a backbone."""

import torch
from torch import Tensor, nn

from course_lib.distances import l2_normalize
from course_lib.networks.residual import SmallResNet
from course_lib.validation import require_integers


class AveragePooling(nn.Module):
    """The mean of each feature map over its positions.

    Example:
        >>> AveragePooling()(torch.ones(2, 128, 4, 4)).shape
        torch.Size([2, 128])
    """

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, D, h, w)`` to ``(N, D)``."""
        return features.mean(dim=(2, 3))


class Embedder(nn.Module):
    """Backbone, pooling, perhaps a projection, L2 normalisation: an image becomes a unit vector.

    Normalising inside the model makes training and search see the same vectors, and gives the
    margin of a loss a fixed meaning: squared distances lie in [0, 4].

    Args:
        backbone: maps ``(N, 3, H, W)`` images to ``(N, D, h, w)`` feature maps; a
            :class:`SmallResNet` if None.
        pooling: maps ``(N, D, h, w)`` to ``(N, D)``; the average if None.
        dimensions: width of the embeddings, by a linear layer after pooling; None leaves it D.

    Raises:
        ValueError: ``dimensions`` are given, and the backbone does not say what D is.

    Example:
        >>> embedder = Embedder(dimensions=32).eval()
        >>> embeddings = embedder(torch.rand(2, 3, 64, 64))
        >>> embeddings.shape, embedder.out_features
        (torch.Size([2, 32]), 32)
        >>> torch.allclose(embeddings.norm(dim=1), torch.ones(2))
        True
    """

    def __init__(
        self,
        backbone: nn.Module | None = None,
        *,
        pooling: nn.Module | None = None,
        dimensions: int | None = None,
    ) -> None:
        super().__init__()
        self.backbone = SmallResNet() if backbone is None else backbone
        self.pooling = AveragePooling() if pooling is None else pooling
        self.projection: nn.Module = nn.Identity()
        if dimensions is not None:
            require_integers(1, dimensions=dimensions)
            self.projection = nn.Linear(self._channels(), dimensions)

    @property
    def out_features(self) -> int:
        """Width of the embeddings."""
        if isinstance(self.projection, nn.Linear):
            return self.projection.out_features
        return self._channels()

    def descriptors(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, D)`` descriptors of any length."""
        features = self.backbone(images.to(memory_format=torch.channels_last))
        # Under autocast the backbone works in bfloat16, whose eight bits are too few to tell
        # distances apart: what follows is small, and goes on in the images' own precision.
        with torch.autocast(features.device.type, enabled=False):
            return self.projection(self.pooling(features.to(images.dtype)))

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, D)`` embeddings of length 1."""
        return l2_normalize(self.descriptors(images))

    def _channels(self) -> int:
        channels = getattr(self.backbone, "out_channels", None)
        if not isinstance(channels, int):
            raise ValueError(
                f"the width of a {type(self.backbone).__name__}'s feature maps is unknown: give it "
                "an integer attribute out_channels"
            )
        return channels
