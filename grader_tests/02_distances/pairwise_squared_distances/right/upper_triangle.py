"""Computes the upper triangle and mirrors it when there is one set."""

import torch



def pairwise_squared_distances(x, y=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    a = x.to(dtype)
    b = a if y is None else y.to(dtype)
    d = torch.addmm((b**2).sum(dim=1), a, b.t(), alpha=-2) + (a**2).sum(dim=1, keepdim=True)
    d = torch.where(d > 0, d, torch.zeros_like(d))
    if y is None:
        upper = torch.triu(d, 1)
        d = upper + upper.t()
    return d.to(x.dtype)
