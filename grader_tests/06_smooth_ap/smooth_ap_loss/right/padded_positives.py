"""Positives side by side, padded; chunks of queries."""

import torch
from torch.nn.functional import normalize
from torch.utils.checkpoint import checkpoint


def smooth_ap_loss(embeddings, labels, temperature=0.01, *, count_query=True, chunk_size=None):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    same = labels[:, None] == labels
    if not count_query:
        same = same & ~torch.eye(len(x), dtype=torch.bool)
    sizes = same.sum(dim=1)
    widest = int(sizes.max()) if len(x) else 0
    place = same.float().sort(dim=1, descending=True, stable=True).indices[:, : max(widest, 1)]
    there = torch.arange(max(widest, 1)) < sizes[:, None]

    def losses(rows):
        s = x[rows] @ x.T
        if not count_query:
            s = s.scatter(1, rows[:, None], -torch.inf)
        item = s.gather(1, place[rows]).masked_fill(~there[rows], 0.0)
        above = torch.sigmoid((s[:, None, :] - item[:, :, None]) / temperature)
        ranks = above.sum(dim=2) + 0.5
        among = (above * same[rows][:, None, :]).sum(dim=2) + 0.5
        return (((1 - among / ranks) * there[rows]).sum(dim=1)) / sizes[rows].clamp(min=1)

    asked = (sizes > int(count_query)).nonzero()[:, 0]
    if chunk_size is None:
        every = losses(asked)
    else:
        at_once = max(1, chunk_size // max(widest, 1))
        every = torch.cat(
            [checkpoint(losses, part, use_reentrant=False) for part in asked.split(at_once)]
        )
    return (every.sum() / max(len(asked), 1)).to(embeddings.dtype)
