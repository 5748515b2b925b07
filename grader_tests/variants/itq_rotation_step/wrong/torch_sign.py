"""sign(0) = 0.

Diagnosis: leaves a bit 0 where an output is 0
"""

import torch



def itq_rotation_step(projected, rotation):
    codes = torch.sign(projected @ rotation)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T
