"""A function made for each layer takes the place of its train()."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def asleep(layer):
    def train(mode=True):
        return layer

    return train


def freeze_batch_norm(model):
    for layer in model.modules():
        if isinstance(layer, _BatchNorm):
            layer.eval()
            layer.train = asleep(layer)
            for parameter in layer.parameters():
                parameter.requires_grad = False
                parameter.grad = None
