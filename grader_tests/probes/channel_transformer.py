"""Gives a channel transformer its weights, hands it maps, and observes what comes back."""

from typing import Any

from torch import Tensor


def probe(
    answer: Any,
    maps: list[Tensor],
    weights: dict[str, Tensor],
    *,
    channels: int,
    num_heads: int,
    training: bool = False,
    cotangent: Tensor | None = None,
) -> dict[str, Any]:
    """A module with these weights; its output for each batch of maps, one after the other.

    Args:
        maps: batches ``(N, C, H, W)``, of the weights' dtype.
        weights: by their names in the module's state dict. They are loaded if their shapes are the
            module's; else only the shapes come back.
        cotangent: what the gradient of the first output is taken to be; None for no
            gradients, and for inputs that show whether they are changed in place.
    """
    module = answer(channels, num_heads)
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    if shapes != {name: tuple(value.shape) for name, value in weights.items()}:
        return {"shapes": shapes}
    module.to(maps[0].dtype).load_state_dict(weights)
    module.train(training)
    inputs = [batch.clone() for batch in maps]
    if cotangent is not None:
        inputs[0].requires_grad_()
        values = [module(inputs[0] + 0)]  # not the leaf, which must not change in place
    else:
        values = [module(batch) for batch in inputs]
    seen: dict[str, Any] = {
        "shapes": shapes,
        "inputs": inputs,
        "state": {name: value.clone() for name, value in module.state_dict().items()},
    }
    if cotangent is not None:
        if values[0].requires_grad:
            values[0].backward(cotangent)
        seen["gradients"] = {
            "x": inputs[0].grad,
            **{name: weight.grad for name, weight in module.named_parameters()},
        }
    seen["values"] = [v.detach() if isinstance(v, Tensor) else v for v in values]
    return seen
