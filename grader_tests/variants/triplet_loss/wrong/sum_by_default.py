"""The three reductions are right, but the default is the formula's sum.

Diagnosis: returns the sum unless told otherwise
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="sum"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = (ap - an + margin).relu()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
