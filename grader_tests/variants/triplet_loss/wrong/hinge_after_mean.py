"""Averages first and cuts off at 0 afterwards.

Diagnosis: averages before the hinge: an easy triplet pays for a hard one
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    values = ap - an + margin
    if reduction == "none":
        return values.relu()
    total = values.sum() if reduction == "sum" else values.sum() / max(len(values), 1)
    return total.relu()
