"""The inner products with all columns, and the column's own taken off again."""

import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    codes, outputs = codes.clone(), outputs.detach()
    wanted = codes.shape[1] * products.detach()
    wanted = wanted.index_add(0, sample, gamma * outputs)
    between = outputs.T @ outputs
    for k in range(codes.shape[1]):
        others = codes @ between[:, k] - codes[:, k] * between[k, k]
        side = wanted[:, k] - others
        codes[:, k] = torch.where(side == 0, codes[:, k], side.sign())
    return codes
