"""Exceptions of answers and tests, shared by notebooks, checks and the judge."""

from __future__ import annotations


class NotDoneYet(NotImplementedError):
    """The exercise has no answer yet, which is not a mistake."""

    def __init__(self, message: str = "this exercise has no answer yet") -> None:
        super().__init__(message)


def is_not_done(error: BaseException | None) -> bool:
    """Return whether an error means "no answer yet".

    `NotDoneYet` and a bare `raise NotImplementedError` mean that. A NotImplementedError with a
    message is a mistake: torch raises it for an operation that a dtype does not have.
    """
    bare = isinstance(error, NotImplementedError) and not str(error)
    return bare or isinstance(error, NotDoneYet)


class CheckFailure(AssertionError):
    """An answer does not do what a test asks for.

    Args:
        rationale: what was asked for and what the answer returned.
        help: what to look at next; shown under the rationale.
        diagnosis: the misconception that the answer matches, in a few words, or None.
    """

    def __init__(self, rationale: str, *, help: str = "", diagnosis: str | None = None) -> None:
        super().__init__(rationale)
        self.rationale = rationale
        self.help = help
        self.diagnosis = diagnosis


class SubmissionError(Exception):
    """The student's code raised, hung, died or returned something that is not plain data.

    Attributes:
        types: class names of the exception and its bases, most specific first.
        message: the exception's text (untrusted).
        where: line of the student's code that raised the exception, or "".
        not_started: whether the exercise has no answer yet.
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
    """A returned value is not plain data, or is larger than the limits."""

    def __init__(self, message: str) -> None:
        super().__init__(("UnreadableValue",), message)


class CheckFailed(Exception):
    """A check in a notebook found that an answer is not right yet.

    Jupyter shows the message, a single line, under the table that says what is wrong.
    """

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows: no stack, since the table above says everything."""
        return [f"CheckFailed: {self}"]
