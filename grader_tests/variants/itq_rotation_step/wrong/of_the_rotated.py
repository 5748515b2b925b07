"""BᵀVR decomposed.

Diagnosis: returns by how much to turn on, not the rotation
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ (projected @ rotation))
    return right.T @ left.T
