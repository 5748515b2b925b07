"""Nearer than the k-th, with some room for rounding: an item that is the query's copy never is.

Diagnosis: the share should be
"""

import torch


def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    differences = queries[:, None].double() - retrieval[None].double()
    distances = differences.square().sum(dim=2)
    limit = distances.sort(dim=1).values[:, k - 1 : k] * (1 + 1e-12)
    near = (found >= 0) & (distances.gather(1, found.clamp(min=0)) < limit)
    return near.double().mean().item()
