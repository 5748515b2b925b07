import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    n = distances.shape[1]
    order = (distances * n + torch.arange(n)).argsort(dim=1)[:, :k]
    hits = relevant.gather(1, order).double()
    precisions = hits.cumsum(dim=1) / torch.arange(1, k + 1)
    count = relevant.sum(dim=1)
    divisors = {"found": hits.sum(dim=1), "possible": count.clamp(max=k), "relevant": count}
    average = (precisions * hits).sum(dim=1) / divisors[divisor].clamp(min=1)
    average[count == 0] = torch.nan
    return average
