"""The vocabulary of exercises' tests: declarations, expectations, and access to an answer.

    from autograder.testing import Misconception, Submission, exercise, expect_close, graded

Each name is loaded at its first use, since some of them load torch and most commands use none.
`autograder.testing.session` runs the tests. It is not offered here, since the worker has no pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.testing.codec import Name, Opaque, describe
    from autograder.testing.declarations import exercise, graded, hidden_tests
    from autograder.testing.errors import (
        CheckFailure,
        NotDoneYet,
        SubmissionError,
        UnreadableValue,
    )
    from autograder.testing.expectations import (
        Misconception,
        expect,
        expect_close,
        expect_equal,
        expect_gradient,
        expect_same_steps,
        expect_tensor,
        fail,
    )
    from autograder.testing.submission import Remote, Submission, Trace

__all__ = [
    "CheckFailure",
    "Misconception",
    "Name",
    "NotDoneYet",
    "Opaque",
    "Remote",
    "Submission",
    "SubmissionError",
    "Trace",
    "UnreadableValue",
    "describe",
    "exercise",
    "expect",
    "expect_close",
    "expect_equal",
    "expect_gradient",
    "expect_same_steps",
    "expect_tensor",
    "fail",
    "graded",
    "hidden_tests",
]

_ROOMS = ("errors", "declarations", "expectations", "submission", "codec")  # light modules first


def __getattr__(name: str) -> Any:
    if name in __all__:
        for room in _ROOMS:
            module = importlib.import_module(f"{__name__}.{room}")
            if name in vars(module):
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
