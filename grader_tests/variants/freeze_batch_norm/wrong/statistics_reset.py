"""Resets the statistics before it freezes them.

Diagnosis: changes what pretraining has learnt
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            module.eval()
            module.train = lambda mode=True, module=module: module
            module.requires_grad_(False)
            module.zero_grad()
