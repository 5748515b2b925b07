"""One over the rank: the rank among the relevant is missing.

Diagnosis: averages 1/rank
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = 1 + above.sum(dim=2)
    precisions = torch.where(relevant, 1 / ranks, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
