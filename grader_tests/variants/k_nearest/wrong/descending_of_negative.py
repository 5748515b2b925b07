"""Sorts likeness stably, then reverses: the ties are reversed, too.

Diagnosis: lists the larger index first among equal distances
"""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    values, indices = [], []
    for chunk in queries.detach().split(chunk_size):
        distances = pairwise_squared_distances(chunk, retrieval.detach())
        ordered = (-distances).sort(dim=1, stable=True)
        values.append(-ordered.values.flip(1)[:, :k])
        indices.append(ordered.indices.flip(1)[:, :k])
    return torch.cat(values), torch.cat(indices)
