"""Adds the mirrored pairs to a table that holds both orders already.

Diagnosis: lists pairs more than once
"""

import torch


def anchor_positive_pairs(labels):
    table = labels[:, None] == labels
    table.fill_diagonal_(False)
    anchors, positives = table.nonzero(as_tuple=True)
    return torch.cat([anchors, positives]), torch.cat([positives, anchors])
