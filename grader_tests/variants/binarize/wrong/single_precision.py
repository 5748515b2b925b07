"""where() of two numbers has the default dtype.

Diagnosis: loses the dtype of the outputs
"""

import torch


def binarize(outputs):
    return torch.where(outputs >= 0, 1.0, -1.0)
