"""Every item against every other: a cube of comparisons."""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    rank_all = 1 + above.sum(dim=2)
    rank_relevant = 1 + (above & relevant[:, None, :]).sum(dim=2)
    precisions = torch.where(relevant, rank_relevant / rank_all, 0.0)
    return (precisions.sum(dim=1) / relevant.sum(dim=1)).to(similarities.dtype)
