"""Forgets the gradients that are there already.

Diagnosis: leaves old gradients to the optimiser
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
