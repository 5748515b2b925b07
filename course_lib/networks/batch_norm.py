"""Batch normalisation during fine-tuning: frozen in the state of pretraining."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.validation import require_module


def freeze_batch_norm(model: nn.Module) -> None:
    """Keep every batch normalisation as pretraining left it: in evaluation mode, not trained.

    Fine-tuning batches are small and of few products: the images that the network will see have
    other means and variances. A frozen layer normalises by its running statistics, which
    no longer change, and its scale and shift get no gradient. ``model.train()`` puts all other
    layers into training mode and leaves these in evaluation mode, however often it is called.

    Freeze before the optimiser is built, so that it holds trainable parameters only.

    Args:
        model: changed in place. All ``_BatchNorm`` modules in it are frozen, at any depth, with or
            without scale and shift; if it is one itself, so is it.

    Raises:
        TypeError: ``model`` is no ``nn.Module``.

    Example:
        >>> network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
        >>> freeze_batch_norm(network)
        >>> [layer.training for layer in network.train()]
        [True, False]
        >>> [parameter.requires_grad for parameter in network[1].parameters()]
        [False, False]
    """
    require_module(model)

    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            # model.train() calls train() of every submodule; of this one it has no effect.
            module.train = lambda mode=True, module=module: module  # type: ignore
            module.requires_grad_(False)
            module.zero_grad(set_to_none=True)  # an optimiser would still take an old gradient
