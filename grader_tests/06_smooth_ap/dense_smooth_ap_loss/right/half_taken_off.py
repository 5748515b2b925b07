"""The item's comparison with itself is ½, and is taken off again."""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = (labels[:, None] == labels).to(s.dtype)
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature)
    ranks = 0.5 + above.sum(dim=2)
    among = 0.5 + (above * relevant[:, None, :]).sum(dim=2) + (1 - relevant)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
    queries = relevant.sum(dim=1) > 1
    losses = (1 - precisions)[queries]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
