"""Squares float16 numbers in float16.

Diagnosis: squares float16 numbers in float16, which ends at 65504
"""

import torch



def l2_normalize(x, eps=1e-12):
    lengths = (x * x).sum(dim=1, keepdim=True).sqrt()
    return x / lengths.clamp_min(eps)
