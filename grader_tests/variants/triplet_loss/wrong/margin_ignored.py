"""Writes the paper's 0.2 where the margin belongs.

Diagnosis: ignores the margin that it is given
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = (ap - an + 0.2).relu()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
