"""Uses torch.nn.functional.normalize in the dtype that came, also where eps is 0 in it.

Diagnosis: raises the lengths to an eps that is 0 in float16
"""

import torch.nn.functional as F


def l2_normalize(x, eps=1e-12):
    return F.normalize(x, p=2, dim=1, eps=eps)
