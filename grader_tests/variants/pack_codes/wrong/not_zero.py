"""Every number but 0 is a set bit.

Diagnosis: takes every number but 0 for a set bit
"""

import numpy as np
import torch


def pack_codes(codes):
    return torch.from_numpy(np.packbits(codes.numpy() != 0, axis=1))
