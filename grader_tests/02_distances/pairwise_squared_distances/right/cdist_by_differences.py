"""Squares torch.cdist without the matrix product: exact zeros by themselves."""

import torch



def pairwise_squared_distances(x, y=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    a = x.to(dtype)
    b = a if y is None else y.to(dtype)
    d = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    return (d * d).to(x.dtype)
