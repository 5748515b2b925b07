"""scipy's rankdata, with the better rank for ties."""

import torch
from scipy.stats import rankdata


def average_precision(similarities, relevant):
    s, hits = similarities.detach().double().numpy(), relevant.numpy()
    ranks = rankdata(-s, method="min", axis=1)
    among = rankdata(-(s + 0.0).clip(-1e300, None) * 1.0, method="min", axis=1)
    lowered = s.copy()
    lowered[~hits] = -float("inf")
    among = rankdata(-lowered, method="min", axis=1)
    sums = torch.from_numpy((among / ranks * hits).sum(axis=1))
    return (sums / relevant.sum(dim=1)).to(similarities.dtype)
