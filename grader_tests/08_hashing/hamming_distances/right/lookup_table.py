"""The ones of every byte, looked up."""

import torch

ONES = torch.tensor([bin(byte).count("1") for byte in range(256)], dtype=torch.int16)


def hamming_distances(x, y):
    differ = x[:, None] ^ y[None]
    return ONES[differ.long()].sum(dim=2, dtype=torch.int16)
