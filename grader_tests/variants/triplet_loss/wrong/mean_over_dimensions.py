"""A mean over the dimensions, as mse_loss would take.

Diagnosis: averages over the dimensions of an embedding
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().mean(1)
    an = (anchor - negative).square().mean(1)
    losses = (ap - an + margin).relu()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
