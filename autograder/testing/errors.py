"""Exceptions that cross between a notebook, a check and the judge."""

from __future__ import annotations


class NotDoneYet(NotImplementedError):
    """Raised by an exercise that has no answer yet. It is not a mistake, only work to come."""

    def __init__(self, message: str = "this exercise has no answer yet") -> None:
        super().__init__(message)


def is_not_done(error: BaseException | None) -> bool:
    """Whether an error means "no answer yet".

    That is `NotDoneYet`, or a bare `raise NotImplementedError`. One with a message is a mistake:
    torch raises it for an operation that a dtype does not have.
    """
    bare = isinstance(error, NotImplementedError) and not str(error)
    return bare or isinstance(error, NotDoneYet)


class CheckFailure(AssertionError):
    """An answer did not do what a test asks for.

    Args:
        rationale: what was asked and what came back.
        help: what to look at next; shown under the rationale.
        diagnosis: the misconception that the answer matches, in a few words, or None.
    """

    def __init__(self, rationale: str, *, help: str = "", diagnosis: str | None = None) -> None:
        super().__init__(rationale)
        self.rationale = rationale
        self.help = help
        self.diagnosis = diagnosis


class SubmissionError(Exception):
    """The student's code raised, hung, died or answered something that is not plain data.

    Attributes:
        types: class names of the exception and its bases, most specific first.
        message: the exception's text (untrusted).
        where: cell and line of the student's code that raised, or "".
        not_started: True when the code under test is still a stub.
    """

    def __init__(
        self,
        types: tuple[str, ...],
        message: str,
        *,
        where: str = "",
        not_started: bool = False,
    ) -> None:
        super().__init__(message)
        self.types = types
        self.message = message
        self.where = where
        self.not_started = not_started

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.types[0]}: {self.message}{place}"


class DeadlineExceeded(SubmissionError):
    """The student's code used more time than a test allows."""

    def __init__(self, message: str) -> None:
        super().__init__(("DeadlineExceeded",), message)


class WorkerDied(SubmissionError):
    """The process that ran the student's code ended before it answered."""

    def __init__(self, message: str) -> None:
        super().__init__(("WorkerDied",), message)


class UnreadableValue(SubmissionError):
    """A value came back that is not plain data, or larger than the limits."""

    def __init__(self, message: str) -> None:
        super().__init__(("UnreadableValue",), message)


class CheckFailed(Exception):
    """Raised at the end of `check(...)` in a notebook when something is not right yet.

    Jupyter shows its one-line message under the table that says what is wrong.
    """

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: the table above says everything, so show no stack."""
        return [f"CheckFailed: {self}"]
