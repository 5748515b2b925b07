"""Multiplies every row by the reciprocal of its length, in float64."""

import torch



def l2_normalize(x, eps=1e-12):
    rows = x.double()
    lengths = torch.sqrt((rows * rows).sum(-1))
    factor = 1 / torch.maximum(lengths, torch.tensor(eps, dtype=torch.float64))
    return (rows * factor[:, None]).to(x.dtype)
