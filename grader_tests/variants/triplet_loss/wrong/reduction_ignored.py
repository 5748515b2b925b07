"""The mean, whatever the reduction.

Diagnosis: ignores the reduction that it is asked for
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    losses = (ap - an + margin).relu()
    return losses.sum() / max(len(losses), 1)
