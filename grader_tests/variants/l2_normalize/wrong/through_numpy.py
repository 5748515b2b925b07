"""Leaves torch for NumPy and comes back without a gradient.

Diagnosis: x is cut off from the graph
"""

import numpy as np
import torch


def l2_normalize(x, eps=1e-12):
    rows = x.detach().numpy()
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return torch.from_numpy(rows / np.maximum(lengths, eps).astype(rows.dtype))
