"""The sign bit: set where a number is negative.

Diagnosis: sets the bits of -1
"""

import numpy as np
import torch


def pack_codes(codes):
    return torch.from_numpy(np.packbits(codes.numpy() < 0, axis=1))
