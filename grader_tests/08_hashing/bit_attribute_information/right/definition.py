"""The definition: four terms, from shares of the images."""

import torch


def bit_attribute_information(codes, attributes):
    n = len(codes)
    sides = [(codes < 0).double(), (codes > 0).double()]
    kinds = [(~attributes).double(), attributes.double()]
    total = 0
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        p = sides[i].T @ kinds[j] / n
        px, py = sides[i].mean(dim=0)[:, None], kinds[j].mean(dim=0)
        total = total + torch.where(p > 0, p * torch.log2(p / (px * py)), 0.0)
    return total.clamp(min=0)
