"""Switches the mode of the whole model off for good.

Diagnosis: keeps the whole network in evaluation mode
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    model.eval()
    model.train = lambda mode=True: model
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False)
            module.zero_grad()
