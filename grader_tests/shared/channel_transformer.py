"""What public and hidden tests of the channel transformer share."""

from __future__ import annotations

from typing import Any

import torch

from autograder.testing import Misconception, Submission, expect, fail

CHANNELS, HEADS = 6, 2  # so that a head has three channels, and no mistake goes unseen
Weights = dict[str, torch.Tensor]


def drawn_weights(draw: torch.Generator, channels: int, num_heads: int) -> Weights:
    """Weights of a channel transformer, float64, by their names in its state dict."""
    weights: Weights = {}
    for name, groups in (("within_heads", num_heads), ("across_heads", channels // num_heads)):
        layer = f"{name}.to_query_key_value"
        weights[f"{layer}.weight"] = torch.randn(
            3 * channels, channels // groups, 1, 1, generator=draw, dtype=torch.float64
        )
        weights[f"{layer}.bias"] = torch.randn(3 * channels, generator=draw, dtype=torch.float64)
    for name in ("weight", "bias", "running_mean"):
        weights[f"norm.{name}"] = torch.randn(channels, generator=draw, dtype=torch.float64)
    spread = torch.rand(channels, generator=draw, dtype=torch.float64)
    return weights | {
        "norm.running_var": spread + 0.5,
        "norm.num_batches_tracked": torch.tensor(0),
    }


def drawn_maps(draw: torch.Generator, *shape: int) -> torch.Tensor:
    """Maps, float64."""
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


OTHER_GROUPS = Misconception(
    "gives an attention other groups",
    "The first attention has num_heads groups of C / num_heads channels, the second C / num_heads "
    "groups of num_heads. The constructor is given and needs no change.",
)


def watched(
    submission: Submission,
    maps: list[torch.Tensor],
    weights: Weights,
    *,
    channels: int = CHANNELS,
    num_heads: int = HEADS,
    **settings: Any,
) -> dict[str, Any]:
    """What the probe saw, once the module is known to have these weights."""
    seen = submission.probe(
        "channel_transformer", maps, weights, channels=channels, num_heads=num_heads, **settings
    )
    seen = seen if type(seen) is dict else {}
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    found = seen.get("shapes")
    if found != shapes:
        found = found if type(found) is dict else {}
        name = next((name for name in shapes if found.get(name) != shapes[name]), "")
        fail(
            f"with {channels} channels in {num_heads} heads, {name} should have shape "
            f"{shapes[name]}; it has {found.get(name, 'none')}."
            if name
            else f"the module should have these weights and no others: {', '.join(shapes)}; it "
            f"has {', '.join(map(str, found))}.",
            misconception=OTHER_GROUPS,
        )
    values = seen.get("values")
    expect(type(values) is list and len(values) >= 1, "the module should give an output.")
    return seen
