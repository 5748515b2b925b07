"""Sums in int8.

Diagnosis: counts in signed bytes, which end at 127
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy()[:, None] ^ y.numpy()).sum(axis=2, dtype=np.int8)).to(torch.int16)
