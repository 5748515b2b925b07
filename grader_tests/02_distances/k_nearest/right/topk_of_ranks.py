"""Selects with topk on the distinct ranks of a stable sort."""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    results = []
    places = torch.arange(len(retrieval))
    with torch.no_grad():
        retrieval = retrieval if retrieval.dtype == torch.float64 else retrieval.float()
        for chunk in queries.split(chunk_size):
            d = pairwise_squared_distances(chunk.to(retrieval.dtype), retrieval)
            order = d.argsort(dim=1, stable=True)
            ranks = torch.empty_like(order).scatter_(1, order, places.expand_as(order))
            nearest = ranks.topk(k, dim=1, largest=False, sorted=True).indices
            results.append((torch.gather(d, 1, nearest), nearest))
    return torch.cat([r[0] for r in results]), torch.cat([r[1] for r in results])
