"""Whether the nearest is among the found.

Diagnosis: looks at the nearest neighbour only
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    return (found == nearest[:, :1]).any(1).double().mean().item()
