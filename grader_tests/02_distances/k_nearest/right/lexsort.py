"""Sorts by distance and then index with NumPy's lexsort."""

import numpy as np
import torch


def k_nearest(queries, retrieval, k, *, chunk_size=256):
    found = []
    if queries.dtype in (torch.float16, torch.bfloat16):
        queries, retrieval = queries.float(), retrieval.float()
    index = np.arange(len(retrieval))
    for chunk in torch.split(queries.detach(), chunk_size):
        d = pairwise_squared_distances(chunk, retrieval.detach()).numpy()
        order = np.lexsort((np.broadcast_to(index, d.shape), d), axis=1)[:, :k]
        found.append((np.take_along_axis(d, order, axis=1), order.copy()))
    distances, indices = (np.concatenate(part) for part in zip(*found))
    return torch.from_numpy(distances), torch.from_numpy(indices)
