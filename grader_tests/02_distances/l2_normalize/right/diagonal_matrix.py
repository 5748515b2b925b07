"""Multiplies by the diagonal matrix of reciprocal lengths."""

import torch



def l2_normalize(x, eps=1e-12):
    work = x if x.dtype == torch.float64 else x.float()
    reciprocal = work.pow(2).sum(dim=1).sqrt().clamp_min(eps).reciprocal()
    return (torch.diag(reciprocal) @ work).type_as(x)
