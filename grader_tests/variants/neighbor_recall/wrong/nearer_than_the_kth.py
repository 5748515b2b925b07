"""Strictly nearer than the k-th.

Diagnosis: the share should be
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    squared = (queries[:, None] - retrieval[found]).square().sum(dim=2)
    near = (found >= 0) & (squared < exact[:, -1:] * (1 - 1e-6))
    return near.double().mean().item()
