"""The sum of the costs.

Diagnosis: sums the costs and divides by nothing
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = torch.linalg.vector_norm(x - y, dim=1)
    return torch.where(similar, d**2, (margin - d).clamp_min(0) ** 2).sum()
