import torch
from torch.nn.functional import normalize


def dense_smooth_ap_loss(embeddings, labels, temperature=0.01):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    losses = [x.sum() * 0]
    count = 0
    for q in range(len(x)):
        s, hits = x @ x[q], labels == labels[q]
        if hits.sum() > 1:
            above = torch.sigmoid((s[None, :] - s[:, None]) / temperature)
            above = above - torch.diag(above.diagonal())
            precision = (1 + above[hits][:, hits].sum(1)) / (1 + above[hits].sum(1))
            losses.append(1 - precision.mean())
            count += 1
    return (sum(losses) / max(count, 1)).to(embeddings.dtype)
