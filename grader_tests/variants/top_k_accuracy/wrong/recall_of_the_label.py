"""How many of the label's items are found.

Diagnosis: the share should be
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    same = (nearest >= 0) & (retrieval_labels[nearest] == query_labels[:, None])
    there = (retrieval_labels == query_labels[:, None]).sum(1).clamp(min=1)
    return (same.sum(1) / there).mean().item()
