"""Transposes, so that the lengths broadcast along the last axis."""

import torch



def l2_normalize(x, eps=1e-12):
    columns = x.T
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    lengths = torch.linalg.norm(columns.to(dtype), dim=0)
    lengths = torch.where(lengths > eps, lengths, torch.full_like(lengths, eps))
    return (columns.to(dtype) / lengths).T.to(x.dtype)
