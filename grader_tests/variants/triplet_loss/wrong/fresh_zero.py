"""A new zero when there is no triplet: backward() fails on it.

Diagnosis: returns a zero that is not connected to the graph
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = (ap - an + margin).relu()
    if reduction == "none":
        return losses
    if len(losses) == 0:
        return torch.tensor(0.0)
    return losses.sum() if reduction == "sum" else losses.mean()
