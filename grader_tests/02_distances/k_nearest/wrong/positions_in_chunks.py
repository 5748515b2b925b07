import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    values, indices = [], []
    for chunk in retrieval.detach().split(chunk_size):
        ordered = pairwise_squared_distances(queries.detach(), chunk).sort(dim=1, stable=True)
        values.append(ordered.values[:, :k])
        indices.append(ordered.indices[:, :k])
    values, indices = torch.cat(values, dim=1), torch.cat(indices, dim=1)
    order = values.sort(dim=1, stable=True).indices[:, :k]
    return values.gather(1, order), indices.gather(1, order)
