"""The positive is the next image of the product, round and round.

Diagnosis: gives each image one positive only
"""

import torch


def anchor_positive_pairs(labels):
    order = labels.argsort(stable=True)
    ids = labels[order]
    first = torch.searchsorted(ids, ids)
    last = torch.searchsorted(ids, ids, right=True) - 1
    place = torch.arange(len(labels))
    following = torch.where(place < last, place + 1, first)
    keep = first != last
    return order[keep], order[following][keep]
