"""The diagonal is left in.

Diagnosis: pairs an image with itself
"""

import torch


def anchor_positive_pairs(labels):
    return (labels[:, None] == labels).nonzero(as_tuple=True)
