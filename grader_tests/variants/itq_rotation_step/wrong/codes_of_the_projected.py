"""Codes of V.

Diagnosis: takes the codes of V, not those of V R
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T
