"""Compares roots with squared distances.

Diagnosis: the share should be
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    distances = (queries[:, None] - retrieval[found]).norm(dim=2)
    near = (found >= 0) & (distances <= exact[:, -1:] * (1 + 1e-6))
    return near.double().mean().item()
