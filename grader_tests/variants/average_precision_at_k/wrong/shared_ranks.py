"""Equally far items share the better rank, as in assignment 06.

Diagnosis: lets equally far items share a rank
"""

import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    above = (distances[:, None] < distances[:, :, None]).sum(dim=2)
    rank = above + 1
    hits = relevant & (rank <= k)
    among = ((distances[:, None] < distances[:, :, None]) & hits[:, None]).sum(dim=2) + 1
    total = torch.where(hits, among.double() / rank, 0.0).sum(dim=1)
    found, count = hits.sum(dim=1), relevant.sum(dim=1)
    divisors = {"found": found, "possible": count.clamp(max=k), "relevant": count}
    average = total / divisors[divisor].clamp(min=1)
    return torch.where(count > 0, average, torch.nan)
