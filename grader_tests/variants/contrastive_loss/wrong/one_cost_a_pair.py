"""Returns the vector of costs.

Diagnosis: returns one cost a pair
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y, dim=1)
    return torch.where(similar, d**2, (margin - d).relu() ** 2) / 2
