"""k is ignored.

Diagnosis: always looks at five
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, 5)
    else:
        _, nearest = index.search(query_embeddings, 5)
    same = retrieval_labels[nearest] == query_labels[:, None]
    same[nearest < 0] = False
    return same.any(1).double().mean().item()
