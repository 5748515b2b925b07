"""Where a pair has no semi-hard negative, takes any other.

Diagnosis: takes some other negative where a pair has no semi-hard one
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    negative = labels[a, None] != labels
    loss = d[a, p, None] - d[a] + margin
    mask = negative & (loss > 0) & (loss < margin)
    mask = torch.where(mask.any(1, keepdim=True), mask, negative)
    noise = torch.rand(mask.shape, generator=generator).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
