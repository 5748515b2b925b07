"""Switches the gradients off, and nothing else.

Diagnosis: freezes scale and shift and lets the statistics go on
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False)
            module.zero_grad()
