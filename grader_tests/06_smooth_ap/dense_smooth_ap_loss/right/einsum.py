"""Ranks by einsum; cosines by cosine_similarity."""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = embeddings.to(torch.promote_types(embeddings.dtype, torch.float32))
    x = x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)
    s = torch.einsum("id,jd->ij", x, x)
    relevant = (labels[:, None] == labels).to(s.dtype)
    above = torch.sigmoid((s[:, None, :] - s[:, :, None]) / temperature)
    above = above * (1 - torch.eye(len(s), dtype=s.dtype))
    ranks = 1 + torch.einsum("qij->qi", above)
    among = 1 + torch.einsum("qij,qj->qi", above, relevant)
    precisions = (among / ranks * relevant).sum(dim=1) / relevant.sum(dim=1)
    queries = relevant.sum(dim=1) > 1
    losses = (1 - precisions)[queries]
    return (losses.sum() / max(len(losses), 1)).to(embeddings.dtype)
