"""Bit i goes to byte i modulo the number of bytes.

Diagnosis: deals the bits out to the bytes in turns
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = pad((codes > 0).long(), (0, -codes.shape[1] % 8)).unflatten(1, (8, -1))
    return (bits.transpose(1, 2) << torch.arange(7, -1, -1)).sum(dim=2).to(torch.uint8)
