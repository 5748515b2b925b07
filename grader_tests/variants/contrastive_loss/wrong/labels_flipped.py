"""Takes 1 for dissimilar, as the first paper on this loss does.

Diagnosis: takes similar for dissimilar
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y, dim=1)
    costs = torch.where(similar, (margin - d).clamp_min(0) ** 2, d**2)
    return costs.sum() / (2 * max(len(costs), 1))
