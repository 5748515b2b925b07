"""Only binarises.

Diagnosis: returns the rotation it was given
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    codes = binarize(projected @ rotation)
    return rotation
