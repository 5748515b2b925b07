"""A little something in each logarithm.

Diagnosis: add no small number against log 0
"""

import torch


def bit_attribute_information(codes, attributes):
    n = len(codes)
    sides = [(codes < 0).double(), (codes > 0).double()]
    kinds = [(~attributes).double(), attributes.double()]
    total = 0
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        p = sides[i].T @ kinds[j] / n
        px, py = sides[i].mean(dim=0)[:, None], kinds[j].mean(dim=0)
        total = total + p * torch.log2((p + 1e-8) / (px * py + 1e-8))
    return total.clamp(min=0)
