"""The inner products of the columns, with a diagonal of 0."""

import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    u = outputs.detach()
    gram = (u.T @ u).fill_diagonal_(0)
    linear = products.detach() * codes.shape[1]
    linear = linear.index_put((sample,), gamma * u, accumulate=True)
    columns = list(codes.detach().unbind(dim=1))
    for k in range(len(columns)):
        side = linear[:, k] - torch.stack(columns, dim=1) @ gram[k]
        columns[k] = torch.where(side > 0, 1, torch.where(side < 0, -1, columns[k])).to(codes.dtype)
    return torch.stack(columns, dim=1)
