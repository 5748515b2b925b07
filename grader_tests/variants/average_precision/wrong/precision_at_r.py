"""How many of the first |P| are relevant.

Diagnosis: is the precision among the first |P| items
"""

import torch


def average_precision(similarities, relevant):
    above = similarities[:, None, :] > similarities[:, :, None]
    ranks = 1 + above.sum(dim=2)
    counts = relevant.sum(dim=1, keepdim=True)
    return ((ranks <= counts) & relevant).sum(dim=1).div(counts[:, 0]).to(similarities.dtype)
