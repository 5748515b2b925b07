"""A table of queries by items says which are relevant; the neighbours pick from it."""

import torch


def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    relevant = query_labels[:, None] == retrieval_labels[None, :]
    if index is None:
        squared = (query_embeddings[:, None, :] - retrieval_embeddings[None, :, :]).pow(2).sum(-1)
        near = squared.argsort(dim=1, stable=True)[:, :k]
    else:
        _, near = index.search(query_embeddings, k)
    there = near.ge(0)
    hit = relevant.gather(1, near.clamp_min(0)).logical_and(there).sum(1) > 0
    return (hit.sum() / hit.numel()).item()
