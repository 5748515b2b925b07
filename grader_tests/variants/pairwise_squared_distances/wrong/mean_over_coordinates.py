"""Averages over the coordinates.

Diagnosis: averages the squared differences instead of summing them
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return (x[:, None] - y[None]).square().mean(dim=-1)
