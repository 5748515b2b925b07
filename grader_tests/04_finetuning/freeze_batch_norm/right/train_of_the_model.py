"""The train() of the model is wrapped: it puts the layers back to evaluation mode."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    frozen = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    ordinary_train = model.train

    def train(mode=True):
        ordinary_train(mode)
        for layer in frozen:
            nn.Module.train(layer, False)
        return model

    for layer in frozen:
        layer.eval()
        for parameter in layer.parameters():
            parameter.requires_grad = False
            parameter.grad = None
    model.train = train
