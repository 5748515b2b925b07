"""XORs into x.

Diagnosis: changes its argument in place
"""

import numpy as np
import torch


def hamming_distances(x, y):
    total = torch.zeros(len(x), len(y), dtype=torch.int16)
    ones = torch.tensor([bin(byte).count("1") for byte in range(256)], dtype=torch.int16)
    differ = x[:, None] ^ y
    if len(y):
        x ^= y[0]
    return ones[differ.long()].sum(dim=2, dtype=torch.int16)
