"""A query without relevant items gets 0.

Diagnosis: gives 0 to a query without relevant items
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = 1 + above.sum(dim=2)
    among = 1 + (above & relevant[:, None, :]).sum(dim=2)
    precisions = torch.where(relevant, among / ranks, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1).clamp(min=1)).to(similarities.dtype)
