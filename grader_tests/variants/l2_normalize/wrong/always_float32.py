"""Converts everything to float32 and back.

Diagnosis: computes float64 input in float32
"""

import torch



def l2_normalize(x, eps=1e-12):
    rows = x.float()
    unit = rows / rows.norm(dim=1, keepdim=True).clamp_min(eps)
    return unit.to(x.dtype)
