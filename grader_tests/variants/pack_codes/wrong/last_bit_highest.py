"""The first bit is worth 1.

Diagnosis: puts the first bit lowest
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).long()
    bits = pad(bits, (0, -bits.shape[1] % 8)).unflatten(1, (-1, 8))
    return (bits * 2 ** torch.arange(8)).sum(dim=2).to(torch.uint8)
