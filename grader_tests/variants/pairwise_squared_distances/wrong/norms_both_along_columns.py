"""Both norms have shape (N,) and meet the same axis.

Diagnosis: two of the same shape meet the same axis
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    d = x.square().sum(1) + y.square().sum(1) - 2 * x @ y.T
    return d.clamp_min(0)
