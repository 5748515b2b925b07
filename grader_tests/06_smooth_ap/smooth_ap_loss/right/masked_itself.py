"""The item's own comparison is set to 0 by scatter."""

import torch
from torch.nn.functional import normalize
from torch.utils.checkpoint import checkpoint


def smooth_ap_loss(embeddings, labels, temperature=0.01, *, count_query=True, chunk_size=None):
    x = normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=1)
    s = x @ x.T
    relevant = labels[:, None] == labels
    itself = torch.eye(len(s), dtype=torch.bool)
    if not count_query:
        relevant = relevant & ~itself
        s = s.masked_fill(itself, -torch.inf)
    counts = relevant.sum(dim=1)
    queries = counts > (1 if count_query else 0)
    q, i = (relevant & queries[:, None]).nonzero(as_tuple=True)

    def precision(q, i):
        above = torch.sigmoid((s[q] - s[q, i][:, None]) / temperature)
        above = above.scatter(1, i[:, None], 0.0)
        ranks = 1 + above.sum(dim=1)
        among = 1 + (above * relevant[q]).sum(dim=1)
        return among / ranks

    if chunk_size is None:
        found = precision(q, i)
    else:
        parts = zip(q.split(chunk_size), i.split(chunk_size))
        found = torch.cat([checkpoint(precision, *part, use_reentrant=False) for part in parts])
    total = ((1 - found) / counts[q]).sum()
    return (total / max(int(queries.sum()), 1)).to(embeddings.dtype)
