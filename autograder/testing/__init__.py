"""What the author of an exercise's tests needs: declarations, expectations and plain data.

    from autograder.testing import Misconception, Submission, exercise, expect_close, graded

Names are loaded when they are asked for: most commands need none of those that load torch.
`autograder.testing.session` runs such tests. It is not part of this face, since the worker has no
pytest.
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

_ROOMS = ("errors", "declarations", "expectations", "submission", "codec")  # light ones first


def __getattr__(name: str) -> Any:
    if name in __all__:
        for room in _ROOMS:
            module = importlib.import_module(f"{__name__}.{room}")
            if name in vars(module):
                return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
