"""Adds the norm of x twice, as a row and as a column, and never that of y.

Diagnosis: uses one row's squared norm twice and leaves the other's out
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    squares = x.square().sum(dim=1, keepdim=True)
    return (squares + squares - 2 * x @ y.T).clamp_min(0)
