"""VᵀB, and the formula for BᵀV.

Diagnosis: returns the rotation transposed
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(projected.T @ codes)
    return right.T @ left.T
