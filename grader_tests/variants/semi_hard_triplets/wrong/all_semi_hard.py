"""Returns every semi-hard triplet.

Diagnosis: returns several negatives for a pair
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    pair, n = mask.nonzero(as_tuple=True)
    return a[pair], p[pair], n
