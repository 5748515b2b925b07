"""Marks images of the own product by writing infinity into the caller's matrix.

Diagnosis: writes into the tensors that it is given
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    a, p = anchor_positive_pairs(labels)
    near = distances[a, p, None].clone()
    distances[labels[:, None] == labels] = float("inf")
    far = distances[a]
    mask = (far > near) & (far < near + margin)
    noise = torch.rand(mask.shape, generator=generator).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
