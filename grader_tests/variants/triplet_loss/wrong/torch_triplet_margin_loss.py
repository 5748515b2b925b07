"""torch's TripletMarginLoss, which works on roots (with an epsilon).

Diagnosis: takes the roots of the distances
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    loss = torch.nn.TripletMarginLoss(margin=margin, reduction=reduction)
    return loss(anchor, positive, negative)
