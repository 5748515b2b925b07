"""-1 is measured as the last item.

Diagnosis: takes index -1 for an item
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    squared = (queries[:, None] - retrieval[found]).square().sum(dim=2)
    return (squared <= exact[:, -1:] * (1 + 1e-6)).double().mean().item()
