"""A one with each output's sign; adding 0 makes +0.0 of -0.0."""

import torch


def binarize(outputs):
    outputs = outputs.detach()
    return torch.copysign(torch.ones_like(outputs), outputs + 0.0)
