"""A root with an epsilon far below the tolerance: the gradient at 0 is 0 all the same."""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    squared = ((x - y) ** 2).sum(1)
    distance = (squared + 1e-14).sqrt()
    costs = torch.where(similar, squared, (margin - distance).clamp(min=0) ** 2)
    return costs.sum() / 2 / max(len(x), 1)
