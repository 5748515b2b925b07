"""A count for each byte.

Diagnosis: forgets to sum over the bytes
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy()[:, None] ^ y.numpy())).to(torch.int16)
