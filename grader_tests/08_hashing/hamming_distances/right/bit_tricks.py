"""Counts of pairs, of fours, of all eight bits, in the bytes themselves."""

import torch


def hamming_distances(x, y):
    d = x.unsqueeze(1) ^ y.unsqueeze(0)
    d = d - ((d >> 1) & 0x55)
    d = (d & 0x33) + ((d >> 2) & 0x33)
    d = (d + (d >> 4)) & 0x0F
    return d.to(torch.int16).sum(-1).short()
