"""torch.multinomial with weight 1 on every semi-hard negative."""

import torch


def semi_hard_triplets(distances, labels, margin=0.2, *, generator=None):
    with torch.no_grad():
        same = torch.eq(labels[:, None], labels[None, :])
        a, p = (same & ~torch.eye(len(labels), dtype=torch.bool)).nonzero(as_tuple=True)
        loss = distances[a, p][:, None] - distances[a, :] + margin
        weights = (~same[a] & (loss > 0) & (loss < margin)).float()
        found = weights.sum(1) > 0
        if not found.any():
            empty = a[:0]
            return empty, empty.clone(), empty.clone()
        n = torch.multinomial(weights[found], 1, generator=generator).squeeze(1)
        return a[found], p[found], n
