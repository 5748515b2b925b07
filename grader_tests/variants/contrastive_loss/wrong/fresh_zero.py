"""A new zero for the empty batch: backward() fails on it.

Diagnosis: returns a zero that is not connected to the graph
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    if len(x) == 0:
        return torch.zeros((), dtype=x.dtype)
    d = torch.linalg.vector_norm(x - y, dim=1)
    return torch.where(similar, d**2, (margin - d).relu() ** 2).mean() / 2
