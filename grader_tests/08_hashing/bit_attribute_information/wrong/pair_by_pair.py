import torch


def bit_attribute_information(codes, attributes):
    result = torch.zeros(codes.shape[1], attributes.shape[1], dtype=torch.float64)
    for k in range(codes.shape[1]):
        for a in range(attributes.shape[1]):
            for side in (-1, 1):
                for seen in (False, True):
                    x, y = codes[:, k] == side, attributes[:, a] == seen
                    p = (x & y).double().mean()
                    if p > 0:
                        result[k, a] += p * torch.log2(p / (x.double().mean() * y.double().mean()))
    return result.clamp(min=0)
