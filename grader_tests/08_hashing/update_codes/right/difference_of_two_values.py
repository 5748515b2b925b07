"""What the objective costs with +1, less what it costs with -1."""

import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    outputs, products = outputs.detach(), products.detach()
    codes = codes.detach().clone()
    n_bits = codes.shape[1]

    def costs(v):
        inner = (v @ outputs.T).square().sum(dim=1)
        mixed = 2 * n_bits * (v * products).sum(dim=1)
        apart = (v[sample] - outputs).square().sum(dim=1)
        return (inner - mixed).index_add(0, sample, gamma * apart)

    for k in range(n_bits):
        plus, minus = codes.clone(), codes.clone()
        plus[:, k], minus[:, k] = 1, -1
        gain = costs(minus) - costs(plus)
        codes[:, k] = torch.where(gain.abs() < 1e-12, codes[:, k], gain.sign())
    return codes
