"""The mean over all k ranks.

Diagnosis: divides by k
"""

import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    order = torch.argsort(distances, dim=1, stable=True)[:, :k]
    hits = relevant.gather(1, order)
    ranks = torch.arange(1, k + 1, dtype=torch.float64)
    total = (hits * hits.cumsum(dim=1) / ranks).sum(dim=1)
    average = total / k
    return torch.where(relevant.any(dim=1), average, torch.nan)
