"""Lengths of shape (N,) meet the columns.

Diagnosis: divides column j by the length of row j
"""

import torch



def l2_normalize(x, eps=1e-12):
    return x / x.norm(dim=1).clamp_min(eps)
