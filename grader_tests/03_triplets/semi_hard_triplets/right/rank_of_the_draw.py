"""Draws which of the semi-hard negatives it is, and finds it by a running count."""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    a, p = anchor_positive_pairs(labels)
    d = distances.detach().double()
    loss = d[a, p, None] - d[a] + margin
    mask = (loss > 0) & (loss < margin) & (labels[a, None] != labels)
    count = mask.sum(1)
    rank = (torch.rand(len(a), generator=generator, dtype=torch.float64) * count).long() + 1
    n = (mask.cumsum(1) == rank[:, None]).long().argmax(1)
    keep = count.bool()
    return a[keep], p[keep], n[keep]
