"""Writes 1 where the margin belongs.

Diagnosis: ignores the margin that it is given
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y, dim=1)
    costs = torch.where(similar, d**2, (1 - d).relu() ** 2)
    return costs.sum() / (2 * max(len(costs), 1))
