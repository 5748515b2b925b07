"""Asks the index for one query after the other, as the slides' loop does.

Diagnosis: the list of searches
"""

import torch


def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        found = [index.search(query[None], k)[1][i] for i, query in enumerate(query_embeddings)]
        nearest = torch.stack(found)
    same = retrieval_labels[nearest] == query_labels[:, None]
    same[nearest < 0] = False
    return same.any(1).double().mean().item()
