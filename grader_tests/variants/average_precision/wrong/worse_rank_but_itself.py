"""Equally similar items stand above, the item itself does not.

Diagnosis: equally similar items share the worse rank
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    above = similarities[:, None, :] >= similarities[:, :, None]
    itself = torch.eye(similarities.shape[1], dtype=torch.bool)
    above = above & ~itself
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above & relevant[:, None, :]).sum(dim=2)
    precisions = torch.where(relevant, among / ranks, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
