"""float64 for all.

Diagnosis: the rotation of rows in float32 should be float32
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    projected, rotation = projected.double(), rotation.double()
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T
