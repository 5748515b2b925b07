"""Inner products by einsum, rows by index_select."""

import torch


def asymmetric_loss(outputs, codes, similarities, sample, gamma=200.0):
    products = torch.einsum("mc,nc->mn", outputs, codes)
    unlike = (products - codes.shape[1] * similarities) ** 2
    own = codes.index_select(0, sample)
    return (unlike.sum() + gamma * ((own - outputs) ** 2).sum()) / unlike.numel()
