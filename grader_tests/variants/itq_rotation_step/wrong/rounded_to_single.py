"""float32 inside, converted at the end.

Diagnosis: RᵀR should be the identity
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    projected, rotation = projected.float(), rotation.float()
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return (right.T @ left.T).double()
