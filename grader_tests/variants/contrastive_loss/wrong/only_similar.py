"""Forgets the dissimilar pairs.

Diagnosis: gives dissimilar pairs no cost
"""

import torch


def contrastive_loss(x, y, similar, margin=1.0):
    d2 = (x - y).square().sum(1)
    return (similar * d2).sum() / (2 * max(len(d2), 1))
