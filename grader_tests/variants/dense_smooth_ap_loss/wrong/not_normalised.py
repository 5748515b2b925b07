"""Plain inner products.

Diagnosis: compares inner products of vectors of any length
"""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    s = embeddings @ embeddings.T
    relevant = (labels[:, None] == labels).to(s.dtype)
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature)
    above = above * (1 - torch.eye(len(s), dtype=s.dtype))
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above * relevant[:, None, :]).sum(dim=2)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
    queries = relevant.sum(dim=1) > 1
    losses = (1 - precisions)[queries]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
