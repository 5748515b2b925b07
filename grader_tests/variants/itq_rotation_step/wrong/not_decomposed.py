"""The product itself.

Diagnosis: keeps the singular values
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    return codes.T @ projected
