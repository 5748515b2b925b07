"""randint's upper end is exclusive already, and one is subtracted all the same.

Diagnosis: Each of them must have the same chance. Is the last one within reach?
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    count = mask.sum(1)
    rank = (torch.rand(len(a), generator=generator) * (count - 1)).long() + 1
    n = (mask.cumsum(1) == rank[:, None]).long().argmax(1)
    keep = count > 0
    return a[keep], p[keep], n[keep]
