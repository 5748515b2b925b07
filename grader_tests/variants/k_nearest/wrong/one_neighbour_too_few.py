"""Takes k as the length of a slice that starts at 1.

Diagnosis: should have shape (3, 2); it has shape (3, 1)
"""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    values, indices = [], []
    for chunk in queries.detach().split(chunk_size):
        distances = pairwise_squared_distances(chunk, retrieval.detach())
        ordered = distances.sort(dim=1, stable=True)
        values.append(ordered.values[:, 1:k].clone())
        indices.append(ordered.indices[:, 1:k].clone())
    return torch.cat(values), torch.cat(indices)
