"""Averages over the triplets whose loss is positive.

Diagnosis: averages over the triplets whose loss is not 0
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = (ap - an + margin).relu()
    if reduction == "none":
        return losses
    active = losses[losses > 0]
    return active.sum() if reduction == "sum" else active.sum() / max(len(active), 1)
