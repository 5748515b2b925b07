"""The eight bits of the bytes, one after the other."""

import torch


def hamming_distances(x, y):
    differ = x[:, None] ^ y
    total = torch.zeros(len(x), len(y), dtype=torch.int16)
    for bit in range(8):
        total += ((differ >> bit) & 1).sum(dim=2, dtype=torch.int16)
    return total
