"""Sorts each chunk's distances stably and keeps copies of the first k."""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    wide = torch.promote_types(queries.dtype, torch.float32)
    queries, retrieval = queries.to(wide), retrieval.to(wide)
    values, indices = [], []
    for chunk in queries.detach().split(chunk_size):
        distances = pairwise_squared_distances(chunk, retrieval.detach())
        ordered = distances.sort(dim=1, stable=True)
        values.append(ordered.values[:, :k].clone())
        indices.append(ordered.indices[:, :k].clone())
    return torch.cat(values), torch.cat(indices)
