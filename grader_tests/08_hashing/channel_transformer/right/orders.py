"""Orders of channels, and their inverse."""

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
        order = torch.arange(x.shape[1]).view(self.num_heads, -1).T.reshape(-1)
        y = self.norm(x + self.within_heads(x))
        mixed = self.across_heads(nn.functional.relu(y[:, order]))
        return y + mixed[:, order.argsort()]
