"""Takes steps of training with a small network, and observes what each of them does."""

from typing import Any

import torch
from torch import Tensor, nn

MOST_CALLS = 50


class Flat(nn.Module):
    """Two linear layers on the three numbers of an image of one pixel; unit vectors in the plane.

    At first the embedding is the direction of the first two numbers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.last = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.first.weight.copy_(torch.eye(3))
            self.last.weight.copy_(torch.eye(2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(self.last(self.first(images.flatten(1))))


class Convolutional(nn.Module):
    """Three convolutions with batch normalisation, pooling, unit vectors."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 8), (8, 16), (16, 16)):
            convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.normalize(self.layers(images).mean(dim=(2, 3)))


NETWORKS = {"flat": Flat, "convolutional": Convolutional}
OPTIMIZERS = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate),
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate),
}


def probe(
    answer: Any,
    batches: list[tuple[Tensor, Tensor]],
    *,
    network: str = "flat",
    optimizer: str = "sgd",
    rate: float = 0.5,
    margin: float | None = None,
    seed: int | None = None,
    frozen: bool = False,
    left_over: bool = False,
    double: bool = False,
) -> dict[str, Any]:
    """One step for each batch.

    Args:
        batches: images and labels.
        network: of `NETWORKS`.
        optimizer: of `OPTIMIZERS`, with the learning rate `rate`.
        margin: handed on, unless None.
        seed: of a generator that is handed on, unless None.
        frozen: put the batch normalisations into evaluation mode and train the other layers only.
        left_over: leave gradients of an earlier backward() at the weights.
        double: the weights are float64, as the images should be.
    """
    torch.manual_seed(3)
    model = NETWORKS[network]().train()
    if double:
        model.double()
    normalisations = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for layer in normalisations if frozen else ():
        layer.eval().requires_grad_(False)
    weights = [p for p in model.parameters() if p.requires_grad]
    chosen = OPTIMIZERS[optimizer](weights, rate)
    for weight in weights if left_over else ():
        weight.grad = torch.full_like(weight, 0.25)
    calls: list[dict[str, Any]] = []
    model.register_forward_pre_hook(
        lambda module, inputs: calls.append(
            {
                "images": len(inputs[0]),
                "training": module.training,
                "layers in training": [layer.training for layer in normalisations],
            }
        )
    )
    options: dict[str, Any] = {} if margin is None else {"margin": margin}
    if seed is not None:
        options["generator"] = torch.Generator().manual_seed(seed)
    modes = [module.training for module in model.modules()]
    global_state = torch.get_rng_state()
    states, returned = [_state(model)], []
    for images, labels in batches:
        returned.append(answer(model, chosen, images, labels, **options))
        states.append(_state(model))
    untouched = torch.equal(global_state, torch.get_rng_state())
    seen_calls = calls[:MOST_CALLS]
    with torch.no_grad():
        embeddings = model(batches[0][0])
    return {
        "returned": returned,
        "states": states if len(states) <= 4 else [states[0], states[-1]],
        "calls": seen_calls,
        "modes kept": modes == [module.training for module in model.modules()],
        "global generator untouched": untouched,
        "embeddings": embeddings,
        "trained": [name for name, p in model.named_parameters() if p.requires_grad],
    }


def _state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
