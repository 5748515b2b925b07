"""Distances from inner products: ‖a − p‖² − ‖a − n‖² = ‖p‖² − ‖n‖² − 2⟨a, p − n⟩."""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    inner = torch.einsum("nd,nd->n", anchor, positive - negative)
    gap = positive.pow(2).sum(1) - negative.pow(2).sum(1) - 2 * inner
    losses = torch.relu(gap + margin)
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum" or total.numel() == 0 or len(losses) == 0:
        return total
    return total / len(losses)
