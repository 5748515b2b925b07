"""d(a, n) − d(a, p) + margin between 0 and the margin: nearer than the positive.

Diagnosis: has the difference of the distances the wrong way round
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a] - d[a, p, None] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    noise = torch.rand(mask.shape, generator=generator).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
