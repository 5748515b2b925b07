"""Ranks by binary search in the sorted similarities."""

import torch


def average_precision(similarities, relevant):
    n = similarities.shape[1]
    s = similarities.detach().contiguous()
    among = torch.where(relevant, s, torch.full_like(s, float("-inf")))
    rank = n - torch.searchsorted(s.sort(dim=1).values, s, side="right") + 1
    rank_relevant = n - torch.searchsorted(among.sort(dim=1).values, s, side="right") + 1
    total = ((rank_relevant.double() / rank.double()) * relevant).sum(dim=1)
    return (total / relevant.sum(dim=1)).to(s.dtype)
