"""Puts the squared distance under the hinge, and squares the hinge too.

Diagnosis: compares the squared distance with the margin
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d2 = (x - y).square().sum(1)
    costs = torch.where(similar, d2, (margin - d2).relu() ** 2)
    return costs.sum() / (2 * max(len(costs), 1))
