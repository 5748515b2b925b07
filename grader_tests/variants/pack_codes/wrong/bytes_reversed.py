"""The last byte first, as if a code were one number whose low byte comes first.

Diagnosis: has the bytes of a code in reverse order
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).long()
    bits = pad(bits, (0, -bits.shape[1] % 8)).unflatten(1, (-1, 8))
    return (bits << torch.arange(7, -1, -1)).sum(dim=2).to(torch.uint8).flip(1)
