"""Sets of labels, query by query."""

def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    search = index.search if index is not None else (
        lambda queries, k: k_nearest(queries, retrieval_embeddings, k)
    )
    _, nearest = search(query_embeddings, k)
    labels, hits = retrieval_labels.tolist(), 0
    for wanted, row in zip(query_labels.tolist(), nearest.tolist()):
        hits += wanted in {labels[i] for i in row if i >= 0}
    return hits / len(query_labels)
