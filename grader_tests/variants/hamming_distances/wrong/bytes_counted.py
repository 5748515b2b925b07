"""Counts bytes that differ.

Diagnosis: counts bytes that differ
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return (x[:, None] != y).sum(dim=2).to(torch.int16)
