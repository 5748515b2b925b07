"""SEMICON's channel transformer: channels of feature maps look at each other."""

import torch
from torch import Tensor, nn

from course_lib.validation import require_integers

EPSILON = 1e-5


def signed_root(x: Tensor, eps: float = EPSILON) -> Tensor:
    """Compute sign(x) (√(|x| + ε) − √ε): large scores become moderate, and none jumps at 0.

    As published the root of ε is not taken off, and a score of 0⁺ becomes 0.003.

    Example:
        >>> signed_root(torch.tensor([-9.0, 0.0, 4.0]))
        tensor([-2.9968,  0.0000,  1.9968])
    """
    return x.sign() * ((x.abs() + eps).sqrt() - eps**0.5)


class ChannelAttention(nn.Module):
    """Attention among the channels of each group: each becomes a mixture of its group's channels.

    Queries, keys and values of a group come from the group's own channels. The weights of a mixture
    are a softmax of the inner products of whole maps: which channels light up at the same places?

    Args:
        channels: C, in all groups together.
        groups: G; C must be a multiple of it.

    Raises:
        TypeError, ValueError: the numbers do not fit.

    Example:
        >>> attention = ChannelAttention(channels=8, groups=2)
        >>> weights, values = attention.mixture(torch.rand(1, 8, 4, 4))
        >>> weights.shape, values.shape
        (torch.Size([1, 2, 4, 4]), torch.Size([1, 2, 4, 16]))
        >>> attention(torch.rand(1, 8, 4, 4)).shape
        torch.Size([1, 8, 4, 4])
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        require_integers(1, channels=channels, groups=groups)
        if channels % groups:
            raise ValueError(f"{channels} channels cannot be divided into {groups} equal groups")
        self.groups = groups
        self.to_query_key_value = nn.Conv2d(channels, 3 * channels, kernel_size=1, groups=groups)

    def mixture(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``(N, C, H, W)`` to weights ``(N, G, C/G, C/G)`` and values ``(N, G, C/G, HW)``."""
        n, channels = x.shape[:2]
        size = channels // self.groups
        # The convolution's outputs stand group by group: 3 x C/G of each.
        parts = self.to_query_key_value(x).view(n, self.groups, 3, size, -1)  # (N, G, 3, C/G, HW)
        query, key, value = parts.unbind(dim=2)  # (N, G, C/G, HW) each
        scores = signed_root(query @ key.transpose(2, 3) / size**0.5)  # (N, G, C/G, C/G)
        return scores.softmax(dim=3), value

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, C, H, W)``."""
        weights, value = self.mixture(x)
        return (weights @ value).reshape(x.shape)


class ChannelTransformer(nn.Module):
    """Attention among the channels of each head, then among the heads at each place in a head.

    The published code differs from its article, and its two versions from each other. Here:

    - Queries, keys and values of a head come from that head's channels. (Published: a reshape gives
      all queries the first third of the heads, and so on.)
    - The residual of the second attention has its channels in the same order as what it is added
      to. (Published: in the order before the exchange of heads and places.)
    - That residual is the output of the batch normalisation, as in the MindSpore version. (In the
      PyTorch version an in-place ReLU has changed it before it is added.)

    So with both convolutions at 0 it is its batch normalisation. Each image is treated on its own
    in evaluation mode, and a permutation of the positions permutes the output.

    Args:
        channels: C, a multiple of ``num_heads``.
        num_heads: groups of channels.

    Raises:
        TypeError, ValueError: the numbers do not fit.

    Source: Shen, Sun, Wei, Chen & Yang, "SEMICON", ECCV 2022, section 3.3.

    Example:
        >>> transformer = ChannelTransformer(channels=8, num_heads=2).eval()
        >>> transformer(torch.rand(3, 8, 4, 4)).shape
        torch.Size([3, 8, 4, 4])
    """

    def __init__(self, channels: int, num_heads: int) -> None:
        super().__init__()
        self.within_heads = ChannelAttention(channels, num_heads)
        self.num_heads = num_heads
        self.norm = nn.BatchNorm2d(channels)
        self.across_heads = ChannelAttention(channels, channels // num_heads)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, C, H, W)``."""
        if x.ndim != 4:
            raise ValueError(f"x must have shape (N, C, H, W), got shape {tuple(x.shape)}")
        ### BEGIN SOLUTION
        mixed = self.norm(x + self.within_heads(x))
        # Channels stand head by head; for the second attention they stand place by place.
        turned = mixed.unflatten(1, (self.num_heads, -1)).transpose(1, 2).flatten(1, 2)
        across = self.across_heads(torch.relu(turned))
        return mixed + across.unflatten(1, (-1, self.num_heads)).transpose(1, 2).flatten(1, 2)
        ### END SOLUTION
