"""A run on disk: tensors as safetensors, everything else as JSON. Nothing is ever unpickled.

A checkpoint is a folder ``step-00000120`` with ``weights.safetensors``, ``optimizer.safetensors``,
``best.safetensors`` where there was an evaluation, and ``state.json``. It is written under another
name and renamed, so that it is whole or not there.
"""

import json
import random
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

_NAME = re.compile(r"step-(\d{8})")
Weights = Mapping[str, Tensor]


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or does not fit; the message says why and what to do."""


@dataclass
class Checkpoint:
    """A run on disk: what it needs to go on as if it had not stopped.

    Attributes:
        weights: weights of the model.
        optimizer: the optimiser's ``state_dict()``.
        state: counters, random states and results: plain data.
        best: weights of the best evaluation; None before any evaluation.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> optimizer = torch.optim.Adam(layer.parameters())
        >>> Checkpoint(layer.state_dict(), optimizer.state_dict(), {"log": []}).best is None
        True
    """

    weights: Weights
    optimizer: dict[str, Any]
    state: dict[str, Any]
    best: Weights | None = None


def save_checkpoint(folder: Path, step: int, checkpoint: Checkpoint) -> None:
    """Write a checkpoint into a run's folder, and then remove the older ones.

    Example:
        >>> layer = nn.Linear(2, 1)
        >>> optimizer = torch.optim.Adam(layer.parameters())
        >>> for step in (10, 20):
        ...     checkpoint = Checkpoint(layer.state_dict(), optimizer.state_dict(), {"log": []})
        ...     save_checkpoint(Path("run"), step, checkpoint)
        >>> [path.name for path in Path("run").iterdir()]
        ['step-00000020']
    """
    place = folder / f"step-{step:08d}"
    draft = folder / f".{place.name}.partial"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    tensors, plain = _taken_apart(checkpoint.optimizer)
    save_weights(checkpoint.weights, draft / "weights.safetensors")
    save_weights(tensors, draft / "optimizer.safetensors")
    if checkpoint.best is not None:
        save_weights(checkpoint.best, draft / "best.safetensors")
    state = {"step": step, "optimizer": plain, **checkpoint.state}
    (draft / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    for other in _checkpoints(folder):
        if other != place:
            shutil.rmtree(other)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the last checkpoint of a run; None if it has no checkpoint.

    Raises:
        CheckpointError: a file of the checkpoint is missing or damaged.

    Example:
        >>> load_checkpoint(Path("run")) is None
        True
        >>> layer = nn.Linear(2, 1)
        >>> optimizer = torch.optim.Adam(layer.parameters())
        >>> checkpoint = Checkpoint(layer.state_dict(), optimizer.state_dict(), {"log": []})
        >>> save_checkpoint(Path("run"), 10, checkpoint)
        >>> load_checkpoint(Path("run")).state["step"]
        10
    """
    found = _checkpoints(folder)
    if not found:
        return None
    place = found[-1]
    try:
        state = json.loads((place / "state.json").read_text(encoding="utf-8"))
        best = place / "best.safetensors"
        return Checkpoint(
            weights=load_file(place / "weights.safetensors"),
            optimizer=_put_together(load_file(place / "optimizer.safetensors"), state["optimizer"]),
            state=state,
            best=load_file(best) if best.exists() else None,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointError(
            f"{place} is damaged ({error}): remove it, and start the run anew"
        ) from error


def save_weights(weights: Weights, path: Path) -> None:
    """Write tensors as safetensors: the same tensors give the same bytes.

    Example:
        >>> save_weights({"scale": torch.ones(3)}, Path("weights.safetensors"))
        >>> load_file("weights.safetensors")
        {'scale': tensor([1., 1., 1.])}
    """
    save_file({name: t.detach().cpu().contiguous() for name, t in weights.items()}, path)


def load_weights(model: nn.Module, path: Path) -> None:
    """Give a model the weights of a safetensors file.

    Raises:
        CheckpointError: there is no such file, it is damaged, or its tensors are not the model's.

    Example:
        >>> layer, other = nn.Linear(2, 1), nn.Linear(2, 1)
        >>> save_weights(layer.state_dict(), Path("weights.safetensors"))
        >>> load_weights(other, Path("weights.safetensors"))
        >>> torch.equal(layer.weight, other.weight)
        True
    """
    try:
        model.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing: train what it should hold first") from error
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} is no whole safetensors file ({error})") from error
    except RuntimeError as error:
        raise CheckpointError(f"{path} has the weights of another model: {error}") from error


def random_states(generator: torch.Generator) -> dict[str, Any]:
    """Return the states of all generators that training draws from, as plain data.

    Example:
        >>> states = random_states(torch.Generator())
        >>> sorted(states)
        ['cuda', 'mining', 'numpy', 'python', 'torch']
    """
    name, keys, position, has_gauss, gauss = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), position, has_gauss, gauss],
        "torch": _hexadecimal(torch.get_rng_state()),
        "cuda": [_hexadecimal(state) for state in torch.cuda.get_rng_state_all()],
        "mining": _hexadecimal(generator.get_state()),
    }


def restore_random_states(states: Mapping[str, Any], generator: torch.Generator) -> None:
    """Continue all generators where :func:`random_states` found them.

    Example:
        >>> states = random_states(torch.Generator())
        >>> first = torch.rand(3)
        >>> restore_random_states(states, torch.Generator())
        >>> torch.equal(first, torch.rand(3))
        True
    """
    version, internal, gauss = states["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(_tensor(states["torch"]))
    if len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([_tensor(state) for state in states["cuda"]])
    generator.set_state(_tensor(states["mining"]))


def _checkpoints(folder: Path) -> list[Path]:
    """List the finished checkpoints, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _taken_apart(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Divide an optimiser's state into named tensors and plain data."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, dict[str, Any]] = {}
    for parameter, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{parameter}.{name}"] = value
            else:
                numbers.setdefault(str(parameter), {})[name] = value
    return tensors, {"param_groups": state["param_groups"], "numbers": numbers}


def _put_together(tensors: Mapping[str, Tensor], plain: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(p): dict(v) for p, v in plain["numbers"].items()}
    for key, tensor in tensors.items():
        parameter, _, name = key.partition(".")
        state.setdefault(int(parameter), {})[name] = tensor
    return {"state": state, "param_groups": plain["param_groups"]}


def _hexadecimal(state: Tensor) -> str:
    return state.numpy().tobytes().hex()


def _tensor(state: str) -> Tensor:
    return torch.frombuffer(bytearray.fromhex(state), dtype=torch.uint8)
