"""Uniform noise under the mask, the largest wins."""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    d = distances.detach()
    a, p = anchor_positive_pairs(labels)
    near = d[a, p].unsqueeze(1)
    far = d[a]
    allowed = (labels[a].unsqueeze(1) != labels) & (far > near) & (far < near + margin)
    noise = torch.rand(allowed.shape, generator=generator, device=d.device)
    n = noise.masked_fill(~allowed, -1).argmax(dim=1)
    keep = allowed.any(dim=1)
    return a[keep], p[keep], n[keep]
