"""Adds the results of XOR as numbers.

Diagnosis: adds up what XOR gives, as numbers
"""

import numpy as np
import torch


def hamming_distances(x, y):
    return (x[:, None] ^ y).sum(dim=2).to(torch.int16)
