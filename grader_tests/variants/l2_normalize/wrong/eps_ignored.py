"""Guards zero rows only, whatever eps is.

Diagnosis: ignores eps
"""

import torch



def l2_normalize(x, eps=1e-12):
    lengths = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x / torch.where(lengths == 0, 1, lengths)
