"""Precision at every rank, of relevant items or not.

Diagnosis: averages the precision at every item
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = 1 + above.sum(dim=2)
    among = (above & relevant[:, None, :]).sum(dim=2) + relevant
    return (among / ranks).mean(dim=1).to(similarities.dtype)
