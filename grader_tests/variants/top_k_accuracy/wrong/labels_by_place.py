"""Compares with the label at the place of the query.

Diagnosis: the share should be
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    same = (nearest >= 0) & (nearest == query_labels[:, None])
    return same.any(1).double().mean().item()
