"""Runs the tests of one answer: holds its worker, limits the time of each test, and measures it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.answers.program import Program
from autograder.course import CourseExercise
from autograder.judge.connection import Clock, WorkerConnection
from autograder.testing.errors import SubmissionError
from autograder.testing.reading import definitions, with_helpers
from autograder.testing.session import Trial
from autograder.testing.submission import Submission
from autograder.testing.verbs import SEED
from autograder.testing.verdicts import Outcome, Verdict

NOT_FOUND = "no definition found"


@dataclass
class Sitting:
    """The test run of one answer, and its verdicts.

    Attributes:
        exercise: the exercise.
        program: the program that runs the answer.
        artifact: content of the file that was handed in with the answer; None without a file.
        connection: connection to the worker that runs the answer, while it is tested.
        deadlines: CPU seconds that each test may take, by name of the test.
        least: CPU seconds of a test without a deadline of its own.
        known: verdicts that are known already, by test; these tests are not run.
        verdicts: verdicts of the tests; empty before the tests were run.
        timings: seconds that each test took in the worker, by the keys "wall" and "cpu".
        began: when the first test began, in seconds since 1970.
        ended: when the last test ended, in seconds since 1970.
    """

    exercise: CourseExercise
    program: Program
    artifact: bytes | None
    connection: WorkerConnection
    deadlines: Mapping[str, float]
    least: float
    known: Mapping[str, Verdict] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    timings: dict[str, dict[str, float]] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0
    _test: str = ""

    @property
    def found(self) -> tuple[Verdict, ...]:
        """The verdicts; when the submission has no answer, all of them say so."""
        if self.program.answer is not None:
            return self.verdicts
        return tuple(
            replace(verdict, outcome=Outcome.NOT_STARTED, message=NOT_FOUND, cause="NotDoneYet")
            for verdict in self.verdicts
        )

    @property
    def overslept(self) -> bool:
        """Whether a test used up its time by the wall clock before its CPU time."""
        return self.connection.overslept

    def trial(self, running: Running) -> Trial:
        """Return the trial, which tells the session of tests how to test this answer.

        Args:
            running: switched to this sitting when its first test begins.
        """
        if self.program.answer is None:
            return Trial(lambda: Submission(_NoAnswer()), self._entering(running), self.known)
        source = with_helpers(self.program.name, program_definitions(self.program).get)

        def submission() -> Submission:
            self.connection.cpu_seconds = self.deadlines.get(self._test, self.least)
            self.connection.renew()
            answer = Submission(self.connection, source, self.artifact)
            answer.seed(SEED)
            return answer

        return Trial(submission, self._entering(running), self.known)

    def begin(self) -> None:
        """Note the time; called before the first test."""
        self.began = time.time()

    def end(self) -> None:
        """End the worker and note the time; called after the last test."""
        self._next_test("")
        self.connection.close()
        self.ended = time.time()

    def _entering(self, running: Running) -> Callable[[str], None]:
        def enter(test: str) -> None:
            running.change_to(self)
            self._next_test(test)

        return enter

    def _next_test(self, name: str) -> None:
        """Note the time of the test that has ended, and start the clock for the next."""
        if self._test and self.program.answer is not None:
            clock = self.connection.clock
            self.timings[self._test] = {"wall": clock.wall, "cpu": clock.cpu}
        self.connection.clock = Clock()
        self._test = name


@dataclass
class Running:
    """The sitting whose tests are running; only this sitting has a worker.

    Attributes:
        sitting: the sitting; None when no tests are running.
    """

    sitting: Sitting | None = None

    def change_to(self, other: Sitting | None) -> None:
        """End the present sitting and begin another; do nothing when they are the same."""
        if other is self.sitting:
            return
        if self.sitting is not None:
            self.sitting.end()
        self.sitting = other
        if other is not None:
            other.begin()


class _NoAnswer:
    """A connection for a submission without an answer."""

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Raise the error that no answer was found, without a worker."""
        raise SubmissionError(("NotDoneYet",), NOT_FOUND, not_started=True)


def program_definitions(program: Program) -> dict[str, str]:
    """Return the sources of the functions and classes in a program, by name."""
    answer = [] if program.answer is None else [program.answer.source]
    return definitions([*(cell.source for cell in program.others), *answer])
