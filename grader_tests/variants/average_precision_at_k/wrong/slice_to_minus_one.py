"""For all ranks a slice to -1, as published, which leaves out the last.

Diagnosis: leaves out the last rank when all are asked for
"""

import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    end = k if k < distances.shape[1] else -1
    order = torch.argsort(distances, dim=1, stable=True)[:, :end]
    hits = relevant.gather(1, order)
    ranks = torch.arange(1, order.shape[1] + 1, dtype=torch.float64)
    total = (hits * hits.cumsum(dim=1) / ranks).sum(dim=1)
    found, count = hits.sum(dim=1), relevant.sum(dim=1)
    divisors = {"found": found, "possible": count.clamp(max=k), "relevant": count}
    average = total / divisors[divisor].clamp(min=1)
    return torch.where(count > 0, average, torch.nan)
