"""The nearest semi-hard negative.

Diagnosis: always takes the nearest semi-hard negative
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    keep = mask.any(1)
    n = d[a].masked_fill(~mask, float("inf")).argmin(1)
    return a[keep], p[keep], n[keep]
