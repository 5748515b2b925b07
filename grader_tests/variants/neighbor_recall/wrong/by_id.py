"""Compares ids only.

Diagnosis: compares ids where distances are equal
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    inside = (found[:, :, None] == nearest[:, None, :]).any(2)
    return inside.double().mean().item()
