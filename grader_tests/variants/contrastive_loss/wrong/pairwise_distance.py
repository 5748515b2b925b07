"""torch.nn.functional.pairwise_distance with its default epsilon of 1e-6 on every component.

Diagnosis: adds a small epsilon to every component of the difference
"""

import torch
import torch.nn.functional as F


def contrastive_loss(x, y, similar, margin=1.0):
    d = F.pairwise_distance(x, y)
    costs = torch.where(similar, d**2, (margin - d).relu() ** 2)
    return costs.sum() / (2 * max(len(costs), 1))
