"""W Σ Uᵀ.

Diagnosis: keeps the singular values
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, values, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ torch.diag(values) @ left.T
