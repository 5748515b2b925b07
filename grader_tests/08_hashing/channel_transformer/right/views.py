"""Views of five dimensions."""

import torch
from torch import nn

from course_lib.networks.channel_transformer import ChannelAttention


class ChannelTransformer(nn.Module):
    def __init__(self, channels, num_heads):
        super().__init__()
        self.within_heads = ChannelAttention(channels, num_heads)
        self.num_heads = num_heads
        self.norm = nn.BatchNorm2d(channels)
        self.across_heads = ChannelAttention(channels, channels // num_heads)

    def forward(self, x):
        if x.ndim != 4:
            raise ValueError(f"x must have shape (N, C, H, W), got shape {tuple(x.shape)}")
        n, c, h, w = x.shape
        heads, size = self.num_heads, c // self.num_heads
        y = self.norm(self.within_heads(x) + x)
        turned = y.view(n, heads, size, h, w).permute(0, 2, 1, 3, 4).reshape(n, c, h, w)
        mixed = self.across_heads(turned.clamp(min=0))
        mixed = mixed.view(n, size, heads, h, w).permute(0, 2, 1, 3, 4).reshape(n, c, h, w)
        return mixed + y
