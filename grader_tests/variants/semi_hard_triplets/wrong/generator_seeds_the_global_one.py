"""Uses the generator's seed to seed the global one.

Diagnosis: reads or sets a global random generator
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    if generator is not None:
        torch.manual_seed(generator.initial_seed())
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    loss = d[a, p, None] - d[a] + margin
    mask = (labels[a, None] != labels) & (loss > 0) & (loss < margin)
    noise = torch.rand(mask.shape).masked_fill(~mask, -1)
    keep = mask.any(1)
    return a[keep], p[keep], noise.argmax(1)[keep]
