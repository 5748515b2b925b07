"""W alone.

Diagnosis: puts the factors of the decomposition together in another way
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T
