"""One pair after the other.

Diagnosis: loops over the batch in Python
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    total = (x - y).sum() * 0
    for a, b, s in zip(x, y, similar):
        d = torch.linalg.vector_norm(a - b)
        total = total + (d**2 if s else (margin - d).relu() ** 2)
    return total / (2 * max(len(x), 1))
