"""One answer and its tests: when its worker is there, what each test may use, and what it used."""

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
    """An answer that is to be tested, and what was found.

    Attributes:
        exercise: what it answers.
        program: what runs.
        artifact: content of the file that was handed in with it.
        connection: to the worker that holds it, while it is tested.
        deadlines: CPU seconds that each test may take.
        least: CPU seconds of tests that are not among them.
        known: verdicts that stand, by test; these tests are not run.
        verdicts: what the tests found; none before they were run.
        timings: what each test took of the worker: "wall" and "cpu" seconds.
        began: when the first test did, in seconds since 1970.
        ended: when the last test did.
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
        """The verdicts; without an answer, that there was none."""
        if self.program.answer is not None:
            return self.verdicts
        return tuple(
            replace(verdict, outcome=Outcome.NOT_STARTED, message=NOT_FOUND, cause="NotDoneYet")
            for verdict in self.verdicts
        )

    @property
    def overslept(self) -> bool:
        """Whether a test ran out of time by the wall clock alone."""
        return self.connection.overslept

    def trial(self, running: Running) -> Trial:
        """How the tests are run.

        Args:
            running: told when the first of them begins.
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
        """Before the first test."""
        self.began = time.time()

    def end(self) -> None:
        """After the last test: the worker is no longer needed."""
        self._next_test("")
        self.connection.close()
        self.ended = time.time()

    def _entering(self, running: Running) -> Callable[[str], None]:
        def enter(test: str) -> None:
            running.change_to(self)
            self._next_test(test)

        return enter

    def _next_test(self, name: str) -> None:
        """Note what the test before took."""
        if self._test and self.program.answer is not None:
            clock = self.connection.clock
            self.timings[self._test] = {"wall": clock.wall, "cpu": clock.cpu}
        self.connection.clock = Clock()
        self._test = name


@dataclass
class Running:
    """The sitting that is held: there is never a worker of another one."""

    sitting: Sitting | None = None

    def change_to(self, other: Sitting | None) -> None:
        """End the sitting that was held, if it is another one, and begin this."""
        if other is self.sitting:
            return
        if self.sitting is not None:
            self.sitting.end()
        self.sitting = other
        if other is not None:
            other.begin()


class _NoAnswer:
    """A connection to an answer that is not there."""

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Say so, without a worker."""
        raise SubmissionError(("NotDoneYet",), NOT_FOUND, not_started=True)


def program_definitions(program: Program) -> dict[str, str]:
    """Functions and classes that a program's answer may call, and the answer's own."""
    answer = [] if program.answer is None else [program.answer.source]
    return definitions([*(cell.source for cell in program.others), *answer])
