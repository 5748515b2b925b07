"""All steps at once.

Diagnosis: takes more than one step
"""

import torch

from course_lib.hashing import binarize


def itq_rotation_step(projected, rotation):
    for _ in range(200):
        left, _, right = torch.linalg.svd(binarize(projected @ rotation).T @ projected)
        rotation = right.T @ left.T
    return rotation
