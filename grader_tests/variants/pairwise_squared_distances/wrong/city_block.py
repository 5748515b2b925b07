"""Sums absolute differences.

Diagnosis: adds absolute differences (city-block distance), not their squares
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return torch.cdist(x, y, p=1)
