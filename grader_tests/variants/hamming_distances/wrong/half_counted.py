"""Bit tricks without the last step: the low four bits only.

Diagnosis: counts the low four bits of a byte only
"""

import numpy as np
import torch


def hamming_distances(x, y):
    d = x[:, None] ^ y[None]
    d = d - ((d >> 1) & 0x55)
    d = (d & 0x33) + ((d >> 2) & 0x33)
    return (d & 0x0F).sum(dim=2).to(torch.int16)
