"""NumPy."""

import numpy as np
import torch


def itq_rotation_step(projected, rotation):
    v = projected.numpy()
    b = np.where(v @ rotation.numpy() >= 0, 1, -1).astype(v.dtype)
    u, _, wt = np.linalg.svd(b.T @ v)
    return torch.from_numpy((u @ wt).T.copy())
