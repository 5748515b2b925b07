"""The query is no relevant item and stands in no rank.

Diagnosis: leaves the query out
"""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = (labels[:, None] == labels).to(s.dtype).fill_diagonal_(0)
    s = s.masked_fill(torch.eye(len(s), dtype=torch.bool), -torch.inf)
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature).nan_to_num(0)
    above = above * (1 - torch.eye(len(s), dtype=s.dtype))
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above * relevant[:, None, :]).sum(dim=2)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1).clamp(min=1)
    queries = relevant.sum(dim=1) > 0
    losses = (1 - precisions)[queries]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
