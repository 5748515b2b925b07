"""The rest of the bits stands low in the last byte.

Diagnosis: puts the bits of a last byte that is not full lowest in it
"""

import torch
from torch.nn.functional import pad


def pack_codes(codes):
    bits = (codes > 0).long()
    columns = [
        (part << torch.arange(part.shape[1] - 1, -1, -1)).sum(dim=1) for part in bits.split(8, dim=1)
    ]
    return torch.stack(columns, dim=1).to(torch.uint8)
