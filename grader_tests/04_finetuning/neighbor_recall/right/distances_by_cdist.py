"""Distances by cdist, the missing ones infinite."""

import torch


def neighbor_recall(queries, retrieval, found):
    distances = torch.cdist(queries.double(), retrieval.double())
    reached = distances.gather(1, found.clamp_min(0)).masked_fill(found.lt(0), torch.inf)
    kth = distances.topk(found.shape[1], largest=False).values.amax(dim=1, keepdim=True)
    return float(torch.le(reached, kth + 1e-7).sum()) / reached.numel()
