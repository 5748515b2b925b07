"""Zeros before the first bit: a code as one number, right-aligned.

Diagnosis: fills up in front
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = pad((codes > 0).long(), (-codes.shape[1] % 8, 0)).unflatten(1, (-1, 8))
    return (bits << torch.arange(7, -1, -1)).sum(dim=2).to(torch.uint8)
