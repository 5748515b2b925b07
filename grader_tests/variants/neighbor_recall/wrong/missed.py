"""The share that was missed.

Diagnosis: the share should be
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    inside = (found[:, :, None] == nearest[:, None, :]).any(2)
    return 1 - inside.double().mean().item()
