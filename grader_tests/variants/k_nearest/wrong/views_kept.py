"""Keeps views of whole sorted rows until the end.

Diagnosis: keeps whole sorted rows alive behind a view of their first k columns
"""

import torch



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    values, indices = [], []
    for chunk in queries.detach().split(chunk_size):
        distances = pairwise_squared_distances(chunk, retrieval.detach())
        ordered = distances.sort(dim=1, stable=True)
        values.append(ordered.values[:, :k])
        indices.append(ordered.indices[:, :k])
    return torch.cat(values), torch.cat(indices)
