"""Only the first image of each product is an anchor.

Diagnosis: takes only the first image of a product as anchor
"""

import torch


def anchor_positive_pairs(labels):
    same = labels[:, None] == labels
    first = same.float().argmax(dim=1) == torch.arange(len(labels))
    table = same & first[:, None]
    table.fill_diagonal_(False)
    return table.nonzero(as_tuple=True)
