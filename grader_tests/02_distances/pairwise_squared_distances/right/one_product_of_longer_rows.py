"""One product of longer rows: (‖x‖², 1, -2x) · (1, ‖y‖², y), in float64."""

import torch



def pairwise_squared_distances(x, y=None):
    a = x.double()
    b = a if y is None else y.double()
    left = torch.cat([a.pow(2).sum(1, keepdim=True), torch.ones_like(a[:, :1]), -2 * a], dim=1)
    right = torch.cat([torch.ones_like(b[:, :1]), b.pow(2).sum(1, keepdim=True), b], dim=1)
    d = torch.mm(left, right.T)
    d = torch.maximum(d, torch.zeros_like(d))
    if y is None:
        d = d - torch.diag(torch.diagonal(d))
    return d.to(x.dtype)
