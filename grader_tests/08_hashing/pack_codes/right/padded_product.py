"""Zeros after the last bit, then a product with the bits' places."""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).float()
    bits = pad(bits, (0, -bits.shape[1] % 8)).unflatten(1, (-1, 8))
    return (bits @ torch.tensor([128.0, 64, 32, 16, 8, 4, 2, 1])).to(torch.uint8)
