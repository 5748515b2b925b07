"""A random negative, whatever its distance.

Diagnosis: takes any negative
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    a, p = anchor_positive_pairs(labels)
    mask = labels[a, None] != labels
    noise = torch.rand(mask.shape, generator=generator).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
