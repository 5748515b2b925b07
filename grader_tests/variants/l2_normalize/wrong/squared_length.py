"""Forgets the root of the sum of squares.

Diagnosis: divides by the squared length
"""

import torch



def l2_normalize(x, eps=1e-12):
    return x / (x**2).sum(dim=1, keepdim=True).clamp_min(eps)
