"""The first neighbour only.

Diagnosis: looks at the nearest item only
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    same = retrieval_labels[nearest[:, 0]] == query_labels
    return same.double().mean().item()
