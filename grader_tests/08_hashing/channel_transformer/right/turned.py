"""One function turns the channels, there and back."""

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

        def turned(t, groups):
            return t.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)

        size = x.shape[1] // self.num_heads
        y = self.norm(x + self.within_heads(x))
        return y + turned(self.across_heads(torch.relu(turned(y, self.num_heads))), size)
