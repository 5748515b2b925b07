"""Subtracts the cost of the dissimilar pairs.

Diagnosis: pulls dissimilar pairs together as well
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y, dim=1)
    push = (margin - d).relu() ** 2
    costs = torch.where(similar, d**2, -push)
    return costs.sum() / (2 * max(len(costs), 1))
