"""Removes from verdicts what students must not see, and makes untrusted text fit to be shown.

Of a hidden test, students see the title, the diagnosis, and the type of a well-known exception.
Everything else could reveal hidden inputs. This includes the name of an exception class, which an
answer may define itself.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import replace

from autograder.testing.verdicts import Outcome, Result, Verdict

MESSAGE_LENGTH = 4_000

CAUSES = {
    "DeadlineExceeded": "Your code used more time than this test allows.",
    "WorkerDied": "The process that ran your code ended before it answered.",
    "UnreadableValue": "Your code returned something that is not plain data.",
}
EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, Exception)
)
GRADER_FAILED = "The grader itself failed here. A person will look at it."

_UNFIT = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def for_students(result: Result) -> Result:
    """Return a result without what would reveal hidden tests; points and outcomes are unchanged.

    Public tests keep message and help. Failures of the grader itself lose their message, since it
    shows the source of the tests.
    """
    return replace(
        result,
        verdicts=tuple(_for_students(v, number) for number, v in enumerate(result.verdicts, 1)),
    )


def legible(text: object, limit: int = MESSAGE_LENGTH) -> str:
    """Return untrusted text without terminal codes, control characters and lone surrogates.

    Args:
        text: the text, or an object that is converted to text.
        limit: most characters of the result; a longer text is cut.
    """
    clean = _UNFIT.sub("", str(text).encode("utf-8", "replace").decode("utf-8"))
    return clean if len(clean) <= limit else clean[: limit - 2] + " \N{HORIZONTAL ELLIPSIS}"


def _for_students(verdict: Verdict, number: int) -> Verdict:
    if verdict.outcome is Outcome.GRADER_ERROR:
        hidden_name = f"hidden-{number}" if verdict.hidden else verdict.test
        return replace(
            verdict, test=hidden_name, message=GRADER_FAILED, help="", diagnosis=None, cause=""
        )
    if not verdict.hidden:
        return replace(verdict, message=legible(verdict.message), help=legible(verdict.help))
    cause = verdict.cause if verdict.cause in EXCEPTIONS or verdict.cause in CAUSES else ""
    return replace(
        verdict,
        test=f"hidden-{number}",
        message=_message(verdict, cause),
        help="",
        cause=cause,
    )


def _message(verdict: Verdict, cause: str) -> str:
    """Return the message on a hidden test that a student sees besides title and diagnosis."""
    if verdict.outcome is Outcome.NOT_CHECKED:
        return verdict.message  # reveals only the title of another test, or a number of tests
    if verdict.outcome is not Outcome.FAILED or not cause or cause == "AssertionError":
        return ""
    return CAUSES.get(cause) or f"Your code raised {cause}."
