"""The plain sum of the formula, whatever the reduction.

Diagnosis: returns the sum unless told otherwise
"""

import torch


def triplet_loss(anchor, positive, negative, margin=0.2, reduction="mean"):
    ap = (anchor - positive).square().sum(1)
    an = (anchor - negative).square().sum(1)
    return (ap - an + margin).relu().sum()
