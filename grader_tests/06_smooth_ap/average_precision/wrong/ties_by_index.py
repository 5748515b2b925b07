import torch


def average_precision(similarities, relevant):
    order = similarities.argsort(dim=1, descending=True, stable=True)
    hits = relevant.gather(1, order).double()
    ranks = torch.arange(1, hits.shape[1] + 1)
    precisions = hits.cumsum(dim=1) / ranks * hits
    return (precisions.sum(dim=1) / hits.sum(dim=1)).to(similarities.dtype)
