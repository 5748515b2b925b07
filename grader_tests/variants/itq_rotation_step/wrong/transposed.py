"""U Wᵀ.

Diagnosis: returns the rotation transposed
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return left @ right
