"""float32.

Diagnosis: the rotation should be float64
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    projected, rotation = projected.float(), rotation.float()
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T
