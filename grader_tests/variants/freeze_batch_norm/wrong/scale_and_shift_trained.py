"""Statistics stay, scale and shift are trained, as cnnimageretrieval has it.

Diagnosis: freezes the statistics and goes on training scale and shift
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module
