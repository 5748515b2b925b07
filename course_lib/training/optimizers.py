"""Optimisers by name, and clipping of gradients before each of their steps."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from course_lib.validation import require_choice

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}


def build_optimizer(
    name: str, parameters: Sequence[nn.Parameter], *, learning_rate: float, weight_decay: float = 0
) -> torch.optim.Optimizer:
    """Build an optimiser of ``OPTIMIZERS``; ``"sgd"`` has Nesterov momentum 0.9.

    Raises:
        ValueError: the name is unknown.

    Example:
        >>> weights = nn.Parameter(torch.zeros(2))
        >>> optimizer = build_optimizer("sgd", [weights], learning_rate=0.1)
        >>> type(optimizer).__name__, optimizer.defaults["momentum"]
        ('SGD', 0.9)
    """
    require_choice(tuple(OPTIMIZERS), optimizer=name)
    momentum = {"momentum": 0.9, "nesterov": True} if name == "sgd" else {}
    return OPTIMIZERS[name](parameters, lr=learning_rate, weight_decay=weight_decay, **momentum)


def clip_before_each_step(
    optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], norm: float
) -> None:
    """Clip the gradient where the optimiser moves the weights, so that no step needs to know.

    Args:
        optimizer: optimiser of the parameters.
        parameters: their gradients, taken together, are scaled down to the norm.
        norm: largest Euclidean length of the whole gradient, > 0.

    Example:
        >>> weights = nn.Parameter(torch.zeros(2))
        >>> optimizer = torch.optim.SGD([weights], lr=1.0)
        >>> clip_before_each_step(optimizer, [weights], norm=1.0)
        >>> weights.grad = torch.tensor([30.0, 40.0])
        >>> optimizer.step()
        >>> weights.data
        tensor([-0.6000, -0.8000])
    """

    def clip(*_: Any) -> None:
        clip_grad_norm_(parameters, norm)

    optimizer.register_step_pre_hook(clip)
