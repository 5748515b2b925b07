"""The label of nothing is one that no query has."""

import torch


def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is not None:
        found = index.search(query_embeddings, k)[1]
    else:
        found = k_nearest(query_embeddings, retrieval_embeddings, k)[1]
    nothing = torch.min(query_labels) - 1
    labels = torch.where(found < 0, nothing, retrieval_labels[found.clamp(min=0)])
    return float((labels == query_labels.unsqueeze(1)).any(dim=1).float().mean())
