"""What the author of an exercise's tests needs: declarations, expectations and plain data.

    from autograder.testing import Misconception, Submission, exercise, expect_close, graded

`autograder.testing.session` runs such tests. It is not part of this face, since the worker imports
the face and has no pytest.
"""

from autograder.testing.codec import Name, Opaque, describe
from autograder.testing.errors import CheckFailure, NotDoneYet, SubmissionError, UnreadableValue
from autograder.testing.exercise import exercise, graded, hidden_tests
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
