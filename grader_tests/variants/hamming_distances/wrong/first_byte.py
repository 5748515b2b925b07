"""Forgets the sum over the bytes.

Diagnosis: looks at the first byte of a code only
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return torch.from_numpy(np.bitwise_count(x.numpy()[:, None, 0] ^ y.numpy()[:, 0])).to(torch.int16)
