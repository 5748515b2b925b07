"""The plainest network for hashing: a backbone, and an output in (−1, 1) a bit."""

from torch import Tensor, nn

from course_lib.networks.embedder import Embedder


class HashNetwork(nn.Module):
    """A network for hashing: backbone, average pooling, one linear layer, tanh.

    Args:
        backbone: maps ``(N, 3, H, W)`` images to feature maps; of ``build_backbone``.
        n_bits: length of the codes, >= 1.

    Example:
        >>> import torch
        >>> from course_lib.networks import build_backbone
        >>> HashNetwork(build_backbone("small"), n_bits=12)(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 12])
    """

    def __init__(self, backbone: nn.Module, n_bits: int) -> None:
        super().__init__()
        self.embedder = Embedder(backbone, dimensions=n_bits)

    def forward(self, images: Tensor) -> Tensor:
        """Map ``(N, 3, H, W)`` images in [0, 1] to ``(N, n_bits)`` outputs in (−1, 1)."""
        return self.embedder.descriptors(images).tanh()
