"""Sums in uint8.

Diagnosis: counts in bytes, which end at 255
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy()[:, None] ^ y.numpy()).sum(axis=2, dtype=np.uint8)).to(torch.int16)
