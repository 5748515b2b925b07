import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    found = []
    for query in queries.detach():
        d = pairwise_squared_distances(query[None], retrieval.detach())[0]
        ordered = d.sort(stable=True)
        found.append((ordered.values[:k].clone(), ordered.indices[:k].clone()))
    return torch.stack([f[0] for f in found]), torch.stack([f[1] for f in found])
