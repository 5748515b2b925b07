"""Computes in NumPy and wraps the number into a new tensor.

Diagnosis: x is cut off from the graph
"""

import numpy as np
import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d = np.linalg.norm((x - y).detach().numpy(), axis=1)
    costs = np.where(similar.numpy(), d**2, np.maximum(margin - d, 0) ** 2)
    return torch.tensor(costs.sum() / (2 * max(len(costs), 1)), dtype=x.dtype)
