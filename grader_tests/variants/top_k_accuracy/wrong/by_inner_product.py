"""Nearest by the inner product, whatever the lengths.

Diagnosis: the share should be
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        nearest = (query_embeddings @ retrieval_embeddings.T).topk(k).indices
    else:
        _, nearest = index.search(query_embeddings, k)
    same = retrieval_labels[nearest] == query_labels[:, None]
    same[nearest < 0] = False
    return same.any(1).double().mean().item()
