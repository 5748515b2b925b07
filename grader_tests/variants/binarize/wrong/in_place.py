"""Writes into the outputs.

Diagnosis: changes its argument in place
"""

import torch


def binarize(outputs):
    with torch.no_grad():
        outputs[outputs >= 0] = 1
        outputs[outputs < 0] = -1
    return outputs.detach().clone()
