"""Reads the sign bit, which -0.0 has.

Diagnosis: takes -0.0 for less than 0
"""

import torch


def binarize(outputs):
    ones = torch.ones_like(outputs)
    return torch.where(torch.signbit(outputs), -ones, ones)
