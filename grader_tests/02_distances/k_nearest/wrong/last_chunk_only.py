import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    for chunk in queries.detach().split(chunk_size):
        ordered = pairwise_squared_distances(chunk, retrieval.detach()).sort(dim=1, stable=True)
        values, indices = ordered.values[:, :k], ordered.indices[:, :k]
    return values, indices
