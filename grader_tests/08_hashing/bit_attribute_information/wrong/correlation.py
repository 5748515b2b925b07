import torch


def bit_attribute_information(codes, attributes):
    both = torch.cat([codes, attributes.to(codes)], dim=1).double()
    c = codes.shape[1]
    return torch.corrcoef(both.T)[:c, c:].abs()
