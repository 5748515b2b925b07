import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    d = pairwise_squared_distances(queries.detach(), retrieval.detach())
    ordered = d.sort(dim=1, stable=True)
    return ordered.values[:, :k], ordered.indices[:, :k]
