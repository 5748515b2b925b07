"""Keeps only what orders the neighbours of one query.

Diagnosis: leaves out the squared norm of x
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return y.square().sum(dim=1) - 2 * x @ y.T
