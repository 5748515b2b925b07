import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    order = torch.argsort(distances, dim=1, stable=True)[:, :k]
    precision = relevant.gather(1, order).double().mean(dim=1)
    return torch.where(relevant.any(dim=1), precision, torch.nan)
