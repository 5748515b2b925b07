"""SciPy's orthogonal Procrustes."""

import torch
from scipy.linalg import orthogonal_procrustes


def itq_rotation_step(projected, rotation):
    sides = torch.where(projected @ rotation < 0, -1.0, 1.0)
    best, _ = orthogonal_procrustes(projected.numpy(), sides.to(projected).numpy())
    return torch.from_numpy(best).to(projected.dtype)
