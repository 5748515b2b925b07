"""A row for each of y.

Diagnosis: returns the matrix transposed
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(y.numpy()[:, None] ^ x.numpy()).sum(axis=2)).to(torch.int16)
