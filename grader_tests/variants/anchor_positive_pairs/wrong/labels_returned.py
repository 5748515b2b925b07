"""The products of the pairs instead of their positions.

Diagnosis: returns labels instead of positions
"""

import torch


def anchor_positive_pairs(labels):
    table = labels[:, None] == labels
    table.fill_diagonal_(False)
    anchors, positives = table.nonzero(as_tuple=True)
    return labels[anchors], labels[positives]
