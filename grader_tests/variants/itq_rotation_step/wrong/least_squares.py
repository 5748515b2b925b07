"""Any matrix.

Diagnosis: solves least squares without asking for a rotation
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    return torch.linalg.lstsq(projected, codes).solution
