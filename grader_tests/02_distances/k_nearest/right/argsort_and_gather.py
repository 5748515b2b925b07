"""Gathers the distances of the first k of a stable argsort, under no_grad."""

import torch



@torch.no_grad()
def k_nearest(queries, retrieval, k, *, chunk_size=256):
    n_queries = queries.shape[0]
    dtype = torch.float64 if queries.dtype is torch.float64 else torch.float32
    queries, retrieval = queries.to(dtype), retrieval.to(dtype)
    distances = torch.empty(n_queries, k, dtype=dtype)
    indices = torch.empty(n_queries, k, dtype=torch.long)
    for start in range(0, n_queries, chunk_size):
        stop = start + chunk_size
        d = pairwise_squared_distances(queries[start:stop], retrieval)
        order = torch.argsort(d, dim=1, stable=True)[:, :k]
        indices[start:stop] = order
        distances[start:stop] = d.gather(1, order)
    return distances, indices
