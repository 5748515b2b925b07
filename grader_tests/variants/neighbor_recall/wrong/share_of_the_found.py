"""Divides by what was found.

Diagnosis: divides by the number of items found
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    inside = (found[:, :, None] == nearest[:, None, :]).any(2)
    return inside.sum().item() / (found >= 0).sum().item()
