"""Each bit is shifted to its place in its byte, and added there."""

import torch


def pack_codes(codes):
    n, n_bits = codes.shape
    place = torch.arange(n_bits)
    shifted = (codes > 0).long() << (7 - place % 8)
    packed = torch.zeros(n, (n_bits + 7) // 8, dtype=torch.long)
    packed.index_add_(1, place // 8, shifted)
    return packed.to(torch.uint8)
