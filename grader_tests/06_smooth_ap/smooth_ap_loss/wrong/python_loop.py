import torch
from torch.nn.functional import normalize
from torch.utils.checkpoint import checkpoint


def smooth_ap_loss(embeddings, labels, temperature=0.01, *, count_query=True, chunk_size=None):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    losses = [x.sum() * 0]
    for q in range(len(x)):
        keep = torch.ones(len(x), dtype=torch.bool)
        if not count_query:
            keep[q] = False
        hits = (labels[keep] == labels[q])
        if hits.sum() > int(count_query):
            s = (x @ x[q])[keep]
            above = torch.sigmoid((s[None, :] - s[hits][:, None]) / temperature)
            precision = (above[:, hits].sum(1) + 0.5) / (above.sum(1) + 0.5)
            losses.append(1 - precision.mean())
    return (sum(losses) / max(len(losses) - 1, 1)).to(embeddings.dtype)
