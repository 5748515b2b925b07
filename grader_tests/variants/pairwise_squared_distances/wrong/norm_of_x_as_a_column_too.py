"""Right for one set; for two of equal size the norm of x stands in for that of y.

Diagnosis: uses one row's squared norm twice and leaves the other's out
"""

import torch



def pairwise_squared_distances(x, y=None):
    own = y is None
    y = x if own else y
    d = (x.square().sum(1)[:, None] + (x if len(x) == len(y) else y).square().sum(1)[None, :] - 2 * x @ y.T).clamp_min(0)
    return d.fill_diagonal_(0) if own else d
