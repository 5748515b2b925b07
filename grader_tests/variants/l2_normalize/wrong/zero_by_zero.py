"""Has no guard against a zero row.

Diagnosis: divides a zero row by its length 0, which gives nan
"""

import torch



def l2_normalize(x, eps=1e-12):
    return x / torch.linalg.vector_norm(x, dim=1, keepdim=True)
