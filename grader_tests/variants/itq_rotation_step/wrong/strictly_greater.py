"""0 has the side -1.

Diagnosis: gives -1 to an output of 0
"""

import torch



def itq_rotation_step(projected, rotation):
    codes = torch.where(projected @ rotation > 0, 1, -1).to(projected)
    left, _, right = torch.linalg.svd(codes.T @ projected)
    return right.T @ left.T
