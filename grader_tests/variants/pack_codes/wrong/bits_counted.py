"""How many bits are set in each eight.

Diagnosis: counts the bits
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).long()
    bits = pad(bits, (0, -bits.shape[1] % 8)).unflatten(1, (-1, 8))
    return bits.sum(dim=2).to(torch.uint8)
