"""Positives and negatives in one tensor, one difference, one sum."""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    others = torch.stack([positive, negative])
    to_positive, to_negative = ((anchor[None] - others) ** 2).sum(dim=-1)
    losses = torch.clamp(margin + to_positive - to_negative, min=0.0)
    if reduction == "mean":
        return losses.mean() if len(losses) else losses.sum()
    return losses if reduction == "none" else losses.sum()
