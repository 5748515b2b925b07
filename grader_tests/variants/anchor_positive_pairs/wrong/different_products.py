"""Compares with != where == is asked.

Diagnosis: lists images of different products
"""

import torch


def anchor_positive_pairs(labels):
    return (labels[:, None] != labels).nonzero(as_tuple=True)
