"""Takes a single image for a batch of one, instead of refusing it.

Diagnosis: takes inputs of any number of dimensions
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
        if x.ndim == 3:
            x = x[None]
        y = self.norm(x + self.within_heads(x))
        turned = y.unflatten(1, (self.num_heads, -1)).transpose(1, 2).flatten(1, 2)
        mixed = self.across_heads(torch.relu(turned))
        return y + mixed.unflatten(1, (-1, self.num_heads)).transpose(1, 2).flatten(1, 2)
