"""Queries with all neighbours found.

Diagnosis: counts the queries for which all neighbours were found
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    inside = (found[:, :, None] == nearest[:, None, :]).any(2)
    return inside.all(1).double().mean().item()
