"""The layer becomes an object of a subclass whose train() always means eval()."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def freeze_batch_norm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            kind = type(module)
            module.__class__ = type(
                "Frozen" + kind.__name__,
                (kind,),
                {"train": lambda self, mode=True: kind.train(self, False)},
            )
            module.eval()
            for name in ("weight", "bias"):
                parameter = getattr(module, name)
                if parameter is not None:
                    parameter.requires_grad_(False)
                    parameter.grad = None
