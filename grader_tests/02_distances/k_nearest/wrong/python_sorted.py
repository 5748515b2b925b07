import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    values, indices = [], []
    for chunk in queries.detach().split(chunk_size):
        for row in pairwise_squared_distances(chunk, retrieval.detach()).tolist():
            order = sorted(range(len(row)), key=row.__getitem__)[:k]
            values.append([row[i] for i in order])
            indices.append(order)
    return torch.tensor(values, dtype=queries.dtype), torch.tensor(indices)
