"""A (B, B, B) table of all triplets.

Diagnosis: makes a table of all triplets of the batch
"""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    same = labels[:, None] == labels
    positive = same & ~torch.eye(len(labels), dtype=torch.bool)
    loss = d[:, :, None] - d[:, None, :] + margin
    mask = positive[:, :, None] & ~same[:, None, :] & (loss > 0) & (loss < margin)
    a, p = mask.any(2).nonzero(as_tuple=True)
    rows = mask[a, p]
    noise = torch.rand(rows.shape, generator=generator).masked_fill(~rows, -1)
    return a, p, noise.argmax(1) if len(a) else a
