"""Packs down the columns: eight codes to a byte.

Diagnosis: packs the columns
"""

import numpy as np
import torch


def pack_codes(codes):
    return torch.from_numpy(np.packbits(codes.numpy() > 0, axis=0))
