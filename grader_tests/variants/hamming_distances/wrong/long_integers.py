"""The right numbers, four times as large.

Diagnosis: should be int16; it is int64
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy()[:, None] ^ y.numpy()).sum(axis=2)).long()
