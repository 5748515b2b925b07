"""In NumPy."""

import numpy as np
import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    d, r = distances.numpy(), relevant.numpy()
    order = np.argsort(d, axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(r, order, axis=1)
    precision = hits.cumsum(axis=1) / np.arange(1, k + 1)
    count = r.sum(axis=1)
    below = {"found": hits.sum(axis=1), "possible": np.minimum(count, k), "relevant": count}[divisor]
    average = (precision * hits).sum(axis=1) / np.maximum(below, 1)
    average[count == 0] = np.nan
    return torch.from_numpy(average)
