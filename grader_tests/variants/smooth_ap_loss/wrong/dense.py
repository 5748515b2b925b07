"""All B³ comparisons.

Diagnosis: compares every two images for every query
"""

import torch
from torch.nn.functional import normalize


def smooth_ap_loss(embeddings, labels, temperature=0.01, *, count_query=True, chunk_size=None):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = labels[:, None] == labels
    itself = torch.eye(len(s), dtype=torch.bool)
    if not count_query:
        relevant = relevant & ~itself
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature).masked_fill(itself, 0)
    if not count_query:
        above = above.masked_fill(itself[:, None, :], 0)
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above * relevant[:, None, :]).sum(dim=2)
    counts = relevant.sum(dim=1)
    precisions = (among / ranks * relevant).sum(dim=1) / counts.clamp(min=1)
    losses = (1 - precisions)[counts > int(count_query)]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
