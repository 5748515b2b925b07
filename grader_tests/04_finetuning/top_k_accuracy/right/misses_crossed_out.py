"""Labels at all places, and those of nothing crossed out afterwards."""


def top_k_accuracy(
    query_embeddings, query_labels, retrieval_embeddings, retrieval_labels, k=5, *, index=None
):
    if index is None:
        _, nearest = k_nearest(query_embeddings, retrieval_embeddings, k)
    else:
        _, nearest = index.search(query_embeddings, k)
    same = retrieval_labels[nearest] == query_labels[:, None]
    same[nearest < 0] = False
    return same.any(1).double().mean().item()
