"""torch.maximum with zeros as the hinge; a dictionary of reductions."""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = torch.norm(anchor - positive, p=2, dim=1).pow(2)
    an = torch.norm(anchor - negative, p=2, dim=1).pow(2)
    losses = torch.maximum(ap - an + margin, torch.zeros_like(ap))
    divisor = max(losses.numel(), 1)
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / divisor}[reduction]
