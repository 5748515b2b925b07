"""Returns the Gram matrix.

Diagnosis: returns inner products, not squared distances
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return x @ y.T
