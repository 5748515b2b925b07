"""Comparisons as numbers, summed by einsum in float64."""

import torch


def average_precision(similarities, relevant):
    above = (similarities.unsqueeze(1) > similarities.unsqueeze(2)).double()
    hits = relevant.double()
    ranks = 1 + torch.einsum("qij->qi", above)
    among = 1 + torch.einsum("qij,qj->qi", above, hits)
    return (torch.einsum("qi,qi->q", among / ranks, hits) / hits.sum(1)).to(similarities.dtype)
