"""Squared distances of the codes of -1 and +1.

Diagnosis: gives squared distances of the codes
"""

import numpy as np
import torch


def hamming_distances(x, y):
    a, b = (np.unpackbits(c.numpy(), axis=1) * 2.0 - 1 for c in (x, y))
    return torch.from_numpy(((a[:, None] - b) ** 2).sum(axis=2)).to(torch.int16)
