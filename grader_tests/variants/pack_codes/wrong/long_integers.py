"""The right numbers, eight times as large.

Diagnosis: gives the sums another dtype than bytes have
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).long()
    bits = pad(bits, (0, -bits.shape[1] % 8)).unflatten(1, (-1, 8))
    return (bits << torch.arange(7, -1, -1)).sum(dim=2)
