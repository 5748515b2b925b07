"""The rows after the step.

Diagnosis: returns the turned rows, or their codes
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return projected @ (right.T @ left.T)
