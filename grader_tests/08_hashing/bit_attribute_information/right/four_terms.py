"""One term after the other, zeros masked."""

import torch


def bit_attribute_information(codes, attributes):
    total = torch.zeros(codes.shape[1], attributes.shape[1], dtype=torch.float64)
    for side in (-1, 1):
        for seen in (False, True):
            x, y = (codes == side).double(), (attributes == seen).double()
            p = x.T @ y / len(codes)
            chance = x.mean(dim=0)[:, None] * y.mean(dim=0)[None, :]
            total += torch.where(p > 0, p * torch.log2(p / chance), 0.0)
    return total.clamp(min=0)
