"""By entropies: H(x) + H(y) - H(x, y)."""

import math

import torch


def entropy(*shares):
    return sum(torch.special.entr(p) for p in shares) / math.log(2)


def bit_attribute_information(codes, attributes):
    x, y = (codes > 0).double(), attributes.double()
    n = x.shape[0]
    p, q = x.mean(dim=0)[:, None], y.mean(dim=0)
    joint = entropy(x.T @ y / n, x.T @ (1 - y) / n, (1 - x).T @ y / n, (1 - x).T @ (1 - y) / n)
    return torch.relu(entropy(p, 1 - p) + entropy(q, 1 - q) - joint)
