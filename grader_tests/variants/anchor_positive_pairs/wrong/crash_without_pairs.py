"""Stacks what it finds product by product, and has nothing to stack when all are single.

Diagnosis: Your code raised
"""

import torch


def anchor_positive_pairs(labels):
    groups = [(labels == product).nonzero().flatten() for product in labels.unique()]
    pairs = [torch.cartesian_prod(group, group) for group in groups if len(group) > 1]
    table = torch.cat(pairs)
    table = table[table[:, 0] != table[:, 1]]
    return table[:, 0], table[:, 1]
