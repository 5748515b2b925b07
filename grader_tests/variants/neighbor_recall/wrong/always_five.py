"""k is always five.

Diagnosis: the share should be
"""

def neighbor_recall(queries, retrieval, found):
    exact, _ = k_nearest(queries, retrieval, 5)
    squared = (queries[:, None] - retrieval[found]).square().sum(dim=2)
    near = (found >= 0) & (squared <= exact[:, -1:] * (1 + 1e-6))
    return near.double().mean().item()
