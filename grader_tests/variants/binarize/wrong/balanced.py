"""Cuts each column at its mean, so that a bit is set for about half of the rows.

Diagnosis: cuts each column where it is on average
"""

import torch


def binarize(outputs):
    ones = torch.ones_like(outputs)
    return torch.where(outputs >= outputs.mean(dim=0), ones, -ones)
