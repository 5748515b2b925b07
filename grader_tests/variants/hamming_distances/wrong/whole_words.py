"""Words of eight bytes, the rest left out.

Diagnosis: leaves out the bytes that fill no word
"""

import numpy as np
import torch


def hamming_distances(x, y):
    words = x.shape[1] // 8 * 8
    if not words:
        return torch.from_numpy(np.bitwise_count(x.numpy()[:, None] ^ y.numpy()).sum(axis=2)).short()
    a, b = (np.ascontiguousarray(c.numpy()[:, :words]).view(np.uint64) for c in (x, y))
    return torch.from_numpy(np.bitwise_count(a[:, None] ^ b).sum(axis=2)).to(torch.int16)
