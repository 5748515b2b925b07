"""Computes the length under no_grad.

Diagnosis: treats the length as a constant in the gradient
"""

import torch



def l2_normalize(x, eps=1e-12):
    with torch.no_grad():
        lengths = torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_min(eps)
    return x / lengths
