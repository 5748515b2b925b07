"""Sums over the rows of y.

Diagnosis: sums over the wrong axis
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return (x[:, None, :] - y[None, :, :]).pow(2).sum(dim=1)
