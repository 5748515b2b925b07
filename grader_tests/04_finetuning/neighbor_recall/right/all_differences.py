"""All differences at once; double precision."""

import torch


def neighbor_recall(queries, retrieval, found):
    q, r = queries.double(), retrieval.double()
    squared = (q[:, None] - r[None]).square().sum(dim=2)
    limit = squared.sort(dim=1).values[:, found.shape[1] - 1, None] * (1 + 1e-6)
    near = squared.gather(1, found.clamp(min=0)) <= limit
    return (near & (found >= 0)).double().mean().item()
