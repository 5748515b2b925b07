"""-1 and +1 exchanged.

Diagnosis: has the two sides the wrong way round
"""

import torch


def binarize(outputs):
    ones = torch.ones_like(outputs)
    return torch.where(outputs >= 0, -ones, ones)
