"""Takes the second embedding for a fixed target.

Diagnosis: y is cut off from the graph
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y.detach(), dim=1)
    costs = torch.where(similar, d**2, (margin - d).relu() ** 2)
    return costs.sum() / (2 * max(len(costs), 1))
