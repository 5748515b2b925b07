"""Makes the determinant +1, as in computer vision.

Diagnosis: allows no rotation that mirrors
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    flip = torch.ones_like(projected[0])
    flip[-1] = torch.linalg.det(right.T @ left.T)
    return right.T @ torch.diag(flip) @ left.T
