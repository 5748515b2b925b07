"""Writes into the rotation.

Diagnosis: changes its argument in place
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    rotation.copy_(right.T @ left.T)
    return rotation.clone()
