"""Writes an embedder's weights into a file, and looks at what the answer makes of the file."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from course_lib.networks import Embedder

CHANGES = ("", "a name is missing", "a name is unknown", "a shape is another")


def probe(answer: Any, seed: int, change: str = "", *, as_text: bool = False) -> dict[str, Any]:
    """What the answer returned or raised for the file, and what it differs in from the file."""
    written = weights(seed)
    expected = Embedder()
    expected.load_state_dict(written)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"network-{seed}.safetensors"
        save_file(changed(written, change), path)
        before = path.read_bytes()
        try:
            found = answer(str(path) if as_text else path)
        except Exception as error:
            if not change:
                raise
            return {"raised": type(error).__name__}
        kept = path.is_file() and path.read_bytes() == before
    if not isinstance(found, nn.Module):
        return {"returned": type(found).__name__}
    return {
        "returned": type(found).__name__,
        "is an Embedder": isinstance(found, Embedder),
        "other than in the file": differing(written, found.state_dict()),
        "dtypes": sorted({str(p.dtype) for p in found.parameters()}),
        "in training mode": [name or "itself" for name, m in found.named_modules() if m.training],
        "embeddings differ by": difference(found, expected.eval(), seed),
        "file is as it was": kept,
    }


def weights(seed: int) -> dict[str, Tensor]:
    """Every tensor of an embedder, its statistics too, drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {}
    for name, tensor in Embedder().state_dict().items():
        if not tensor.is_floating_point():
            drawn[name] = torch.full_like(tensor, 1000 + seed)
        elif name.endswith("running_var"):
            drawn[name] = 0.5 + torch.rand(tensor.shape, generator=generator)
        else:
            drawn[name] = 0.3 * torch.randn(tensor.shape, generator=generator)
    return drawn


def changed(written: dict[str, Tensor], change: str) -> dict[str, Tensor]:
    """The weights, with one tensor out of place."""
    if change not in CHANGES:
        raise ValueError(f"no such change: {change!r}")
    tensors = dict(written)
    name = next(name for name in reversed(tensors) if name.endswith("running_mean"))
    if change == "a name is missing":
        del tensors[name]
    elif change == "a name is unknown":
        tensors["head.weight"] = torch.zeros(12, 128)
    elif change == "a shape is another":
        tensors[name] = torch.zeros(len(tensors[name]) + 1)
    return tensors


def differing(written: dict[str, Tensor], found: dict[str, Tensor]) -> list[str]:
    """Names of the tensors that are not what stands in the file."""
    return [
        name
        for name in dict.fromkeys([*written, *found])
        if name not in found
        or name not in written
        or not torch.equal(written[name].double(), found[name].detach().cpu().double())
    ]


def difference(found: nn.Module, expected: nn.Module, seed: int) -> float | None:
    """The largest difference between their embeddings of some images; None where none compares."""
    if any(parameter.dtype is not torch.float32 for parameter in found.parameters()):
        return None
    images = torch.rand(3, 3, 48, 48, generator=torch.Generator().manual_seed(seed + 1))
    with torch.no_grad():
        ours, theirs = found(images), expected(images)
    if not isinstance(ours, Tensor) or ours.shape != theirs.shape:
        return None
    return (ours.float() - theirs).abs().max().item()
