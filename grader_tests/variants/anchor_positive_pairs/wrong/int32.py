"""Indices as int32, of which torch makes no index vectors everywhere.

Diagnosis: anchors should be int64; it is int32
"""

import torch


def anchor_positive_pairs(labels):
    table = labels[:, None] == labels
    table.fill_diagonal_(False)
    anchors, positives = table.nonzero(as_tuple=True)
    return anchors.int(), positives.int()
