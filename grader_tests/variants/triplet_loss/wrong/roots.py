"""Distances instead of squared distances.

Diagnosis: takes the roots of the distances
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = torch.linalg.vector_norm(anchor - positive, dim=1)
    an = torch.linalg.vector_norm(anchor - negative, dim=1)
    losses = (ap - an + margin).relu()
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
