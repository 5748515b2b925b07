import torch
import torch.nn.functional as F



def k_nearest(queries, retrieval, k, *, chunk_size=256):
    queries, retrieval = queries.detach(), retrieval.detach()
    cosines = F.normalize(queries) @ F.normalize(retrieval).T
    order = cosines.sort(dim=1, descending=True, stable=True).indices[:, :k]
    return pairwise_squared_distances(queries, retrieval).gather(1, order), order
