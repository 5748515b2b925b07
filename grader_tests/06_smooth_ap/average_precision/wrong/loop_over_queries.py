import torch


def average_precision(similarities, relevant):
    values = []
    for scores, hits in zip(similarities, relevant):
        found = [
            ((scores > scores[i]) & hits).sum().add(1) / (scores > scores[i]).sum().add(1)
            for i in hits.nonzero()[:, 0]
        ]
        values.append(torch.stack(found).mean() if found else torch.tensor(float("nan")))
    return torch.stack(values).to(similarities.dtype)
