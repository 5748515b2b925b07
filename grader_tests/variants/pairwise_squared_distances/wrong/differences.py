"""Makes a tensor of all differences.

Diagnosis: makes a tensor of all differences, of shape (N, M, D)
"""

import torch



def pairwise_squared_distances(x, y=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    a = x.to(dtype)
    b = a if y is None else y.to(dtype)
    return (a[:, None, :] - b[None, :, :]).square().sum(dim=-1).to(x.dtype)
