import torch


def average_precision_at_k(distances, relevant, k, *, divisor="found"):
    averages = []
    for row, mask in zip(distances, relevant):
        hits = mask[row.argsort(stable=True)[:k]].double()
        count = int(mask.sum())
        total = (hits * hits.cumsum(0) / torch.arange(1, k + 1)).sum()
        below = {"found": hits.sum(), "possible": min(k, count), "relevant": count}[divisor]
        averages.append(total / max(below, 1) if count else torch.tensor(torch.nan).double())
    return torch.stack(averages)
