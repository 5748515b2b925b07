"""ReLU does not mind the order of channels."""

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
        y = self.norm(x + self.within_heads(x))
        inner = torch.relu(y)
        inner = inner.reshape(len(x), self.num_heads, -1, *x.shape[2:]).swapaxes(1, 2).flatten(1, 2)
        out = self.across_heads(inner).unflatten(1, (x.shape[1] // self.num_heads, self.num_heads))
        return out.swapaxes(1, 2).reshape(x.shape).add(y)
