"""Evaluation mode, once.

Diagnosis: lets model.train() wake the layers up again
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
