"""Returns the lengths of the rows.

Diagnosis: returns the lengths themselves
"""

import torch



def l2_normalize(x, eps=1e-12):
    return torch.linalg.vector_norm(x, dim=1).clamp_min(eps)
