"""The most frequent label decides, as in a k-nearest-neighbour classifier.

Diagnosis: the share should be
"""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    votes = retrieval_labels[nearest].mode(dim=1).values
    return (votes == query_labels).double().mean().item()
