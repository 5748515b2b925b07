"""One random number an image, shared by all pairs.

Diagnosis: shares one draw among several pairs
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    noise = torch.rand(len(labels), generator=generator).expand(mask.shape)
    keep = mask.any(1)
    return a[keep], p[keep], noise.masked_fill(~mask, -1).argmax(1)[keep]
