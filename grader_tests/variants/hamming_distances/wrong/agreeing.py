"""Bits that agree.

Diagnosis: counts the bits that agree
"""

import numpy as np
import torch


def hamming_distances(x, y):
    differ = np.bitwise_count(x.numpy()[:, None] ^ y.numpy()).sum(axis=2)
    return torch.from_numpy(x.shape[1] * 8 - differ).to(torch.int16)
