"""Compares x with itself, always.

Diagnosis: ignores y and compares x with itself
"""

import torch



def pairwise_squared_distances(x, y=None):
    squares = x.square().sum(dim=1)
    d = squares[:, None] + squares - 2 * x @ x.T
    return d.clamp_min(0).fill_diagonal_(0)
