"""Small integers, but a byte for each bit.

Diagnosis: spends a byte on each bit
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    return (codes > 0).to(torch.uint8)
