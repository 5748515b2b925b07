import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    outputs, products = outputs.detach(), products.detach()
    c = codes.shape[1]
    wanted = c * products
    wanted[sample] += gamma * outputs
    for k in range(c):
        rest = [j for j in range(c) if j != k]
        side = wanted[:, k] - codes[:, rest] @ (outputs[:, rest].T @ outputs[:, k])
        codes[:, k] = torch.where(side > 0, 1, torch.where(side < 0, -1, codes[:, k]))
    return codes
