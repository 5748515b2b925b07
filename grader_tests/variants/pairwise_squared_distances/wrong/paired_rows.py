"""Compares row i of x with row i of y only.

Diagnosis: compares row i with row i only
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return (x - y).square().sum(dim=1)
