"""Gives the rows to y.

Diagnosis: returns the matrix transposed
"""

import torch



def pairwise_squared_distances(x, y=None):
    own = y is None
    y = x if own else y
    d = (y.square().sum(1)[:, None] + x.square().sum(1)[None, :] - 2 * y @ x.T).clamp_min(0)
    return d.fill_diagonal_(0) if own else d
