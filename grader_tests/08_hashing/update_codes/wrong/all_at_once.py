import torch


def update_codes(codes, outputs, sample, products, gamma=200.0):
    outputs = outputs.detach()
    between = outputs.T @ outputs
    side = codes.shape[1] * products.detach() - codes @ between + codes * between.diagonal()
    side = side.index_add(0, sample, gamma * outputs)
    return torch.where(side == 0, codes, side.sign())
