"""Expands the square into norms and a matrix product, then zeroes the diagonal."""

import torch



def pairwise_squared_distances(x, y=None):
    dtype = torch.promote_types(x.dtype, torch.float32)
    a = x.to(dtype)
    b = a if y is None else y.to(dtype)
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    squares = squares.clamp(min=0)
    if y is None:
        squares = squares.masked_fill(torch.eye(len(x), dtype=torch.bool), 0)
    return squares.to(x.dtype)
