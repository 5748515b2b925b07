"""A root that is kept away from 0 by a where on its argument, and weights s and 1 - s."""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    squared = torch.einsum("nd,nd->n", x - y, x - y)
    apart = squared > 0
    distance = torch.where(apart, squared, torch.ones_like(squared)).sqrt() * apart
    s = similar.to(x.dtype)
    costs = s * squared + (1 - s) * (margin - distance).clamp_min(0).square()
    n = len(costs)
    return costs.sum() / (2 * n) if n else costs.sum()
