"""Two masked sums, one for similar and one for dissimilar pairs, over the same 2N."""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    difference = x - y
    pull = difference[similar].pow(2).sum()
    apart = difference[~similar].norm(p=2, dim=1)
    push = torch.nn.functional.relu(margin - apart).pow(2).sum()
    return (pull + push) / (2 * max(x.size(0), 1))
