"""The sigmoid as (1 + tanh(x/2)) / 2, the published exponent clamped."""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = (labels[:, None] == labels).to(s.dtype)
    above = (1 + torch.tanh((s[:, None, :] - s[:, :, None]) / (2 * temperature))) / 2
    above = above.masked_fill(torch.eye(len(s), dtype=torch.bool), 0)
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above * relevant[:, None, :]).sum(dim=2)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
    queries = relevant.sum(dim=1) > 1
    losses = (1 - precisions)[queries]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
