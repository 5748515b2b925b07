"""The least similar item comes first.

Diagnosis: ranks the least similar item first
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] < similarities[:, :, None]
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above & relevant[:, None, :]).sum(dim=2)
    precisions = torch.where(relevant, among / ranks, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
