"""Row i with row i.

Diagnosis: compares row i with row i only
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy() ^ y.numpy()[: len(x)]).sum(axis=1)).to(torch.int16)
