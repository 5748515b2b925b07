"""torch's margin ranking loss on the squared distances."""

import torch
import torch.nn.functional as F


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = torch.linalg.vecdot(anchor - positive, anchor - positive)
    an = torch.linalg.vecdot(anchor - negative, anchor - negative)
    if reduction == "mean" and not len(ap):
        reduction = "sum"
    return F.margin_ranking_loss(an, ap, torch.ones_like(ap), margin, reduction=reduction)
