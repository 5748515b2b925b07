"""torch's channel_shuffle is this exchange."""

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
        from torch.nn.functional import channel_shuffle

        y = self.norm(x + self.within_heads(x))
        turned = channel_shuffle(y, self.num_heads)
        return y + channel_shuffle(self.across_heads(turned.relu()), x.shape[1] // self.num_heads)
