"""Counts from the inner products of signs."""

import torch


def bit_attribute_information(codes, attributes):
    u, v = codes.double(), attributes.double() * 2 - 1
    n = len(u)
    agree, su, sv = u.T @ v, u.sum(dim=0)[:, None], v.sum(dim=0)
    result = 0
    for i, j in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        p = (n + i * su + j * sv + i * j * agree) / (4 * n)
        result = result + torch.xlogy(p, p) - torch.xlogy(p, (n + i * su) * (n + j * sv) / (4 * n * n))
    return (result / torch.tensor(2.0, dtype=torch.float64).log()).clamp_min(0)
