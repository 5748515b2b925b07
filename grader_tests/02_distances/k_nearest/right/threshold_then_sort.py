"""Takes all up to the k-th distance, in order of index, then sorts those by distance."""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    wide = torch.promote_types(queries.dtype, torch.float32)
    queries, retrieval = queries.detach().to(wide), retrieval.detach().to(wide)
    distances = queries.new_empty(len(queries), k)
    indices = torch.empty(len(queries), k, dtype=torch.int64)
    for first in range(0, len(queries), chunk_size):
        rows = slice(first, first + chunk_size)
        d = pairwise_squared_distances(queries[rows], retrieval)
        limit = d.kthvalue(k, dim=1, keepdim=True).values
        # Nearer than the limit first, then on the limit, then the rest: each in order of index.
        group = (d >= limit).byte() + (d > limit).byte()
        chosen = group.sort(dim=1, stable=True).indices[:, :k]
        near = d.gather(1, chosen)
        order = near.sort(dim=1, stable=True).indices
        distances[rows] = near.gather(1, order)
        indices[rows] = chosen.gather(1, order)
    return distances, indices
