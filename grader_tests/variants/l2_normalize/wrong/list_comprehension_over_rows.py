"""Hides the loop over rows in a generator expression.

Diagnosis: loops in Python instead of computing all rows at once
"""

import torch



def l2_normalize(x, eps=1e-12):
    lengths = torch.stack(list(row.norm() for row in x)).reshape(-1, 1)
    return x / lengths.clamp_min(eps)
