"""Reproducible runs: a seed for every random generator."""

import random

import numpy as np
import torch

from course_lib.validation import require_integers


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch, and fix cuDNN's choice of algorithm.

    On one machine, with the same number of threads, a run then repeats exactly on the CPU. Other
    machines and GPUs add up in another order, which training magnifies. Python's hashing of strings
    is not seeded: nothing may depend on the order of a set.

    Args:
        seed: integer, 0 <= seed < 2**32.

    Raises:
        TypeError, ValueError: ``seed`` is no integer, or out of range.

    Example:
        >>> seed_everything(0)
        >>> first = torch.rand(3)
        >>> seed_everything(0)
        >>> torch.equal(first, torch.rand(3))
        True
    """
    require_integers(0, seed=seed)
    if seed >= 2**32:
        raise ValueError(f"seed must be below 2**32, which is NumPy's limit, got {seed}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
