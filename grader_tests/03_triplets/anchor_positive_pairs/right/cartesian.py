"""All pairs of positions, filtered."""

import torch


def anchor_positive_pairs(labels):
    index = torch.arange(len(labels), device=labels.device)
    a, p = torch.cartesian_prod(index, index).unbind(dim=1)
    keep = (labels[a] == labels[p]).logical_and(a.ne(p))
    return a[keep], p[keep]
