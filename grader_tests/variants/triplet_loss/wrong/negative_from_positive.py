"""Measures the negative's distance from the positive.

Diagnosis: measures the negative from the positive
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    pn = (positive - negative).square().sum(1)
    losses = (ap - pn + margin).relu()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
