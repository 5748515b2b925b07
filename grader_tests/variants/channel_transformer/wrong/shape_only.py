"""A view in the place of a transposition.

Diagnosis: does not exchange heads and places
"""

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
        turned = y.unflatten(1, (-1, self.num_heads)).flatten(1, 2)
        mixed = self.across_heads(torch.relu(turned))
        return y + mixed.unflatten(1, (self.num_heads, -1)).flatten(1, 2)
