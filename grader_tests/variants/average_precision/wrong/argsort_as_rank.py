"""argsort gives which item stands at a rank, not the rank of an item.

Diagnosis: takes argsort for ranks
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = 1 + similarities.argsort(dim=1, descending=True)
    lowered = similarities.masked_fill(~relevant, -torch.inf)
    among = 1 + lowered.argsort(dim=1, descending=True)
    precisions = torch.where(relevant, among / ranks, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
