import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    order = torch.argsort(distances, dim=1, stable=True)[:, :k]
    hits = relevant.gather(1, order)
    first = hits.int().argmax(dim=1) + 1
    average = hits.any(dim=1) / first.double()
    return torch.where(relevant.any(dim=1), average, torch.nan)
