"""The i-th found against the i-th exact.

Diagnosis: wants the neighbours in the same order, too
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    return (found == nearest).double().mean().item()
