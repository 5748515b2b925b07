"""Shuffles all semi-hard triplets and keeps the first of each pair."""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    gap = d.index_select(0, a) - d[a, p].view(-1, 1)
    mask = torch.logical_and(gap > 0, gap < margin) & labels[a].view(-1, 1).ne(labels.view(1, -1))
    pair, n = mask.nonzero(as_tuple=True)
    order = torch.randperm(len(pair), generator=generator)
    pair, n = pair[order], n[order]
    by_pair = pair.argsort(stable=True)
    pair, n = pair[by_pair], n[by_pair]
    first = torch.ones_like(pair, dtype=torch.bool)
    first[1:] = pair[1:] != pair[:-1]
    return a[pair[first]], p[pair[first]], n[first]
