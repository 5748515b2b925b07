"""Draws in proportion to the loss.

Diagnosis: does not give the semi-hard negatives equal chances
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    keep = mask.any(1)
    if not keep.any():
        return a[keep], p[keep], a[keep]
    n = torch.multinomial((loss * mask)[keep], 1, generator=generator).flatten()
    return a[keep], p[keep], n
