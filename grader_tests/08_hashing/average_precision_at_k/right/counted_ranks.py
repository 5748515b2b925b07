"""The rank of an item is the number of items that stand no lower: (Q, N, N) comparisons."""

import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    n = distances.shape[1]
    place = torch.arange(n)
    nearer = distances[:, None] < distances[:, :, None]
    earlier = (distances[:, None] == distances[:, :, None]) & (place <= place[:, None])
    above = nearer | earlier
    rank = above.sum(dim=2)
    hits = relevant & (rank <= k)
    among = (above & hits[:, None]).sum(dim=2)
    total = torch.where(hits, among.double() / rank, 0.0).sum(dim=1)
    found, count = hits.sum(dim=1), relevant.sum(dim=1)
    divisors = {"found": found, "possible": count.clamp(max=k), "relevant": count}
    average = total / divisors[divisor].clamp(min=1)
    return torch.where(count > 0, average, torch.nan)
