"""Ranks that begin at 0.

Diagnosis: ranks begin at 0
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = above.sum(dim=2)
    among = (above & relevant[:, None, :]).sum(dim=2)
    precisions = torch.where(relevant, among / ranks.clamp(min=1), 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
