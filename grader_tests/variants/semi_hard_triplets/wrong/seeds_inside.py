"""Sets the global seed in every call.

Diagnosis: makes the same choice in every call
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    torch.manual_seed(0)
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    noise = torch.rand(mask.shape).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
