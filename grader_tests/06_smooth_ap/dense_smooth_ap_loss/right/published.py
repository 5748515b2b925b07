"""The published class: sorted first, then blocks; for unequal classes query by query."""

import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    wide = torch.promote_types(embeddings.dtype, torch.float32)
    order = labels.argsort()
    x, y = normalize(embeddings.to(wide), dim=1)[order], labels[order]
    sim_all = x @ x.T
    mask = 1.0 - torch.eye(len(y), dtype=wide)
    repeated = sim_all.unsqueeze(1).repeat(1, len(y), 1)
    difference = repeated - repeated.permute(0, 2, 1)
    sigmoids = torch.sigmoid(difference / temperature) * mask
    rank_all = sigmoids.sum(dim=-1) + 1
    same = (y[:, None] == y[None, :]).to(wide)
    rank_positive = (sigmoids * same.unsqueeze(1)).sum(dim=-1) + 1
    sizes = same.sum(dim=1)
    precision = ((rank_positive / rank_all) * same).sum(dim=1) / sizes
    several = (sizes > 1).to(wide)
    loss = ((1 - precision) * several).sum() / several.sum().clamp(min=1)
    return loss.to(embeddings.dtype)
