"""A hook puts the layer into evaluation mode before every forward pass."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.register_forward_pre_hook(lambda layer, inputs: layer.eval() and None)
            module.requires_grad_(False)
            module.zero_grad()
