"""The gradient of the identity.

Diagnosis: lets autograd through
"""

import torch


def binarize(outputs):
    ones = torch.ones_like(outputs)
    codes = torch.where(outputs >= 0, ones, -ones)
    return outputs + (codes - outputs).detach()
