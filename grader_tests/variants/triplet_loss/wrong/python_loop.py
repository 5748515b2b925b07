"""One triplet after the other.

Diagnosis: loops over the batch in Python
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    losses = []
    for a, p, n in zip(anchor, positive, negative):
        losses.append((((a - p) ** 2).sum() - ((a - n) ** 2).sum() + margin).relu())
    losses = torch.stack(losses) if losses else anchor.sum(1)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
