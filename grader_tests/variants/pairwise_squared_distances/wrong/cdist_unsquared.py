"""Returns torch.cdist as it is.

Diagnosis: returns distances, not squared distances
"""

import torch



def pairwise_squared_distances(x, y=None):
    y = x if y is None else y
    return torch.cdist(x, y)
