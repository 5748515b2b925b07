"""Each row compared with its partner by a batched torch.cdist of one row against one row."""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.cdist(x.unsqueeze(1), y.unsqueeze(1)).flatten()
    hinge = torch.maximum(margin - d, torch.zeros_like(d))
    costs = hinge.square().masked_fill(similar, 0) + d.square().masked_fill(~similar, 0)
    return costs.sum().div(2 * max(similar.numel(), 1))
