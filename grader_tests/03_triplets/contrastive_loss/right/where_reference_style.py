"""One cost a pair by torch.where, summed and divided by 2N."""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    distance = torch.linalg.vector_norm(x - y, dim=1)
    pull = distance**2
    push = torch.clamp(margin - distance, min=0) ** 2
    cost = torch.where(similar, pull, push)
    return 0.5 * cost.sum() / max(cost.shape[0], 1)
