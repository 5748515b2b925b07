"""torch.sign.

Diagnosis: leaves a bit 0 where an output is 0
"""

import torch


def binarize(outputs):
    return outputs.detach().sign()
