"""A new zero where there is no query.

Diagnosis: returns a zero that is not connected to the graph
"""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = (labels[:, None] == labels).to(s.dtype)
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature)
    above = above * (1 - torch.eye(len(s), dtype=s.dtype))
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above * relevant[:, None, :]).sum(dim=2)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
    losses = (1 - precisions)[relevant.sum(dim=1) > 1]
    return losses.mean() if len(losses) else torch.zeros((), dtype=embeddings.dtype)
