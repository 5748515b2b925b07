"""Labels compared in NumPy."""

import numpy as np


def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    nearest = (
        index.search(query_embeddings, k)
        if index
        else k_nearest(query_embeddings, retrieval_embeddings, k)
    )[1].numpy()
    labels = np.append(retrieval_labels.numpy(), np.iinfo(np.int64).min)  # index -1: no label
    hits = np.any(labels[nearest] == query_labels.numpy()[:, None], axis=1)
    return float(np.mean(hits))
