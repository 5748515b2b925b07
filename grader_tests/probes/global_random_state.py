"""What a call leaves of the global random generators of Python, NumPy and torch."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch


def _states() -> dict[str, Any]:
    """The state of each global generator, as plain data."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "random": random.getstate(),
        "numpy.random": (kind, np.asarray(keys).tolist(), *rest),
        "torch": torch.get_rng_state().tolist(),
    }


def probe(
    answer: Any, *args: Any, then: Sequence[tuple[str, tuple]] = (), **kwargs: Any
) -> dict[str, Any]:
    """Call the answer: its value, and the names of the generators whose state changed.

    Args:
        then: methods to call, each with its arguments, on what came back last.
    """
    before = _states()
    value = answer(*args, **kwargs)
    for method, given in then:
        value = getattr(value, method)(*given)
    after = _states()
    return {"value": value, "changed": [name for name in before if before[name] != after[name]]}
