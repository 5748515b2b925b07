"""Answers as plain numbers, whatever kind of array holds them."""

from typing import Any

import numpy as np
import torch


def plain(ids: Any) -> Any:
    """An array or a tensor as a list; anything else as it is."""
    return ids.tolist() if isinstance(ids, np.ndarray | torch.Tensor) else ids


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of Python's or NumPy's (True and False are none)."""
    return type(value) is int or isinstance(value, np.integer)
