"""NumPy, with counts."""

import numpy as np
import torch


def bit_attribute_information(codes, attributes):
    x = np.concatenate([codes.numpy() < 0, codes.numpy() > 0], axis=1).astype(float)
    y = np.concatenate([~attributes.numpy(), attributes.numpy()], axis=1).astype(float)
    n, c, a = len(x), codes.shape[1], attributes.shape[1]
    counts = x.T @ y
    chance = np.outer(x.sum(axis=0), y.sum(axis=0)) / n
    ratio = np.divide(counts, chance, out=np.ones_like(counts), where=counts > 0)
    terms = counts / n * np.log2(ratio)
    return torch.from_numpy(np.maximum(terms.reshape(2, c, 2, a).sum(axis=(0, 2)), 0))
