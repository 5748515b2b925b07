"""Sets of ids.

Diagnosis: compares ids where distances are equal
"""

def neighbor_recall(queries, retrieval, found):
    k = found.shape[1]
    exact, nearest = k_nearest(queries, retrieval, k)
    pairs = zip(found.tolist(), nearest.tolist())
    return sum(len(set(f) & set(e)) for f, e in pairs) / found.numel()
