"""Whether a batch sampler reads or changes the global random generators."""

import random
from itertools import islice
from typing import Any

import numpy as np
import torch

MOST_BATCHES = 400


def probe(sampler_class: Any, *ids: Any, **options: Any) -> dict[str, Any]:
    """Names of the generators that changed, and an epoch under each of two global seeds."""
    random_state, numpy_state = random.getstate(), np.random.get_state()
    torch_state = torch.get_rng_state()
    changed: set[str] = set()
    epochs = []
    try:
        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
            before = fingerprints()
            epochs.append(list(islice(sampler_class(*ids, **options), MOST_BATCHES)))
            after = fingerprints()
            changed |= {name for name, state in before.items() if after[name] != state}
    finally:
        random.setstate(random_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)
    return {"changed": sorted(changed), "epochs": epochs}


def fingerprints() -> dict[str, Any]:
    """The state of each global generator."""
    numpy_state: Any = np.random.get_state()
    return {
        "random": random.getstate(),
        "numpy": f"{np.asarray(numpy_state[1]).tolist()}{numpy_state[2:]}",
        "torch": torch.get_rng_state().tolist(),
    }
