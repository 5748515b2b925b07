"""Distance and place in one number: no two are equal, so that any selection does."""

import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    n = distances.shape[1]
    keys = distances.long() * n + torch.arange(n)
    order = keys.topk(k, dim=1, largest=False).indices
    hits = relevant.gather(1, order)
    ranks = torch.arange(1, k + 1, dtype=torch.float64)
    total = (hits * hits.cumsum(dim=1) / ranks).sum(dim=1)
    found, count = hits.sum(dim=1), relevant.sum(dim=1)
    divisors = {"found": found, "possible": count.clamp(max=k), "relevant": count}
    average = total / divisors[divisor].clamp(min=1)
    return torch.where(count > 0, average, torch.nan)
