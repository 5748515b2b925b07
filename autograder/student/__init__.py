"""The part of the kit that students get: checks, stubs, the workspace, and packing a submission.

A notebook needs three names: `check`, `needs` and `NotDoneYet`. Each is loaded at its first use, so
that the worker, which has no pytest, can import this package, too.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "check": "autograder.student.checking",
    "needs": "autograder.student.checking",
    "NotDoneYet": "autograder.testing.errors",
}

__all__ = ["NotDoneYet", "check", "needs"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
