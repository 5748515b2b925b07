"""Freezes the batch normalisation of a small pretrained network, then trains it for a few steps."""

from typing import Any

import torch
from torch import Tensor, nn

# Layer kinds that a test may ask for: a module of 6 channels, and the dimensions of its input.
LAYERS = {
    "BatchNorm1d": (lambda: nn.BatchNorm1d(6), (5,)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(6), (4, 4)),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(6), (2, 3, 3)),
    "SyncBatchNorm": (lambda: nn.SyncBatchNorm(6), (4, 4)),
    "BatchNorm2d without scale and shift": (lambda: nn.BatchNorm2d(6, affine=False), (4, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 6), (4, 4)),
    "LayerNorm": (lambda: nn.LayerNorm([6, 4, 4]), (4, 4)),
    "InstanceNorm2d": (
        lambda: nn.InstanceNorm2d(6, affine=True, track_running_stats=True),
        (4, 4),
    ),
}


class Block(nn.Module):
    """A residual block: its layers are deeper in the network than one level."""

    def __init__(self) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.shortcut = nn.Sequential(nn.Conv2d(6, 6, 1, bias=False), nn.BatchNorm2d(6))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.residual(x) + self.shortcut(x))


class Network(nn.Module):
    """Convolutions with batch normalisation at two depths, a dropout, a fully connected layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.block = Block()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(6, 4)

    def features(self, images: Tensor) -> Tensor:
        """What reaches the dropout."""
        return self.block(torch.relu(self.norm(self.stem(images)))).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(images)))


class Layer(nn.Module):
    """One normalisation layer of a given kind, and a convolution before it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        make, size = LAYERS[kind]
        self.size = size
        self.linear = nn.Linear(3, 6)
        self.layer = make()

    def features(self, images: Tensor) -> Tensor:
        """The layer's output, one row an image."""
        rows = self.linear(images.mean(dim=(2, 3)))
        scale = torch.linspace(0.5, 1.5, torch.Size(self.size).numel()).reshape(self.size)
        return self.layer(rows.reshape(*rows.shape, *[1] * len(self.size)) * scale).flatten(1)

    forward = features


def probe(
    answer: Any, *, kind: str | None = None, old_optimizer: bool = False, steps: int = 3
) -> dict[str, Any]:
    """Pretrain, freeze, call ``train()`` again and again, train; say what became of each tensor.

    Args:
        kind: a layer of ``LAYERS`` to look at alone; None for the network.
        old_optimizer: train on with the optimiser of pretraining, with its momentum and the
            gradients that were left over.
    """
    torch.manual_seed(4)
    model = Network() if kind is None else Layer(kind)
    images = 2 * torch.randn(steps + 3, 8, 3, 6, 6) + 1
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.1)
    _train(model, optimizer, images[:3], clear=not old_optimizer)

    layers, pretrained = dict(model.named_modules()), _state(model)
    returned = answer(model)
    after_call = _state(model)
    asleep = [
        name
        for name, module in layers.items()
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not module.training
    ]
    kept = all(layers.get(name) is module for name, module in model.named_modules())
    kept &= len(layers) == len(dict(model.named_modules()))
    for mode in (True, False, True, True):
        model.train(mode)
    if not old_optimizer:
        trained = [p for p in model.parameters() if p.requires_grad]
        if not trained:
            trained = list(model.parameters())  # so that all that is reported is: nothing changed
        optimizer = torch.optim.SGD(trained, lr=0.05, momentum=0.9, weight_decay=0.1)
    with torch.no_grad():
        alone = torch.cat([model.features(image[None]) for image in images[0][:2]])
        together = model.features(images[0])[:2]
    mates = (alone - together).abs().max().item() if alone.shape == together.shape else None
    _train(model, optimizer, images[3:])
    after_training = _state(model)
    return {
        "returned": type(returned).__name__,
        "same layers": kept,
        "changed by the call": _changed(pretrained, after_call),
        "changed by training": _changed(after_call, after_training),
        "tensors": list(pretrained),
        "batch normalisation": [
            f"{name}.{key}"
            for name, module in layers.items()
            if isinstance(module, nn.modules.batchnorm._BatchNorm)
            for key in module.state_dict()
        ],
        "in evaluation mode after the call": asleep,
        "in training mode": [name for name, module in model.named_modules() if module.training],
        "difference that batch mates make": mates,
    }


def _train(
    model: nn.Module, optimizer: torch.optim.Optimizer, batches: Tensor, *, clear: bool = True
) -> None:
    """A step for each batch, on the mean square of the output; the last gradients may stay."""
    for number, images in enumerate(batches, 1):
        cost = (model(images) - 1).square().mean()
        if cost.requires_grad:
            cost.backward()
        optimizer.step()
        if clear or number < len(batches):
            optimizer.zero_grad()


def _state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _changed(before: dict[str, Tensor], after: dict[str, Tensor]) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [
        name
        for name in names
        if name not in before or name not in after or not torch.equal(before[name], after[name])
    ]
