"""Queries with any neighbour found.

Diagnosis: counts the queries for which some neighbour was found
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    inside = (found[:, :, None] == nearest[:, None, :]).any(2)
    return inside.any(1).double().mean().item()
