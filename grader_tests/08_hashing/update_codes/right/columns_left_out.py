"""The hatted matrices, written out."""

import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    with torch.no_grad():
        n_bits = codes.shape[1]
        padded = torch.zeros_like(codes)
        padded[sample] = outputs
        new = codes.clone()
        for k in range(n_bits):
            rest = [i for i in range(n_bits) if i != k]
            a = n_bits * products[:, k] + gamma * padded[:, k]
            a = a - new[:, rest] @ (outputs[:, rest].T @ outputs[:, k])
            new[a > 0, k] = 1
            new[a < 0, k] = -1
    return new
