"""Squares multiplied out, and norms."""

import torch


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    bits = codes.shape[1]
    products = outputs @ codes.T
    first = products.square().sum() - 2 * bits * (products * similarities).sum()
    first = first + (bits * similarities).square().sum()
    second = torch.linalg.matrix_norm(codes[sample] - outputs) ** 2
    return (first + gamma * second) / (len(outputs) * len(codes))
