"""Connects the judge to workers: starts them, limits their time, and copes when a worker dies."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.answers.program import Program
from autograder.judge.deadlines import LEAST_CPU_SECONDS
from autograder.judge.sandbox import Mounts
from autograder.judge.workers import Worker, WorkerSource
from autograder.testing.errors import (
    DeadlineExceeded,
    SubmissionError,
    UnreadableValue,
    WorkerDied,
)
from autograder.testing.submission import read_error
from autograder.worker.frames import BrokenFrame, receive, send

WALL_FACTOR = 4.0
POLL_SECONDS = 0.1
MOST_NOTES = 50
WITHOUT_OTHERS = "the process ended while it loaded the other cells: run without them"


class Overslept(DeadlineExceeded):
    """The time by the wall clock was used up before the CPU time."""


@dataclass
class Clock:
    """Seconds that a test took in the worker.

    Attributes:
        wall: seconds by the wall clock.
        cpu: CPU seconds.
    """

    wall: float = 0.0
    cpu: float = 0.0


class WorkerConnection:
    """A connection to a worker that runs one answer.

    The worker is started at the first request. When it has died, `renew` starts another worker.

    Args:
        program: the program that the worker runs.
        mounts: the files of the course that the worker sees.
        source: the source that starts the worker.
        imports: modules that the program imports; they may be loaded ahead of time.
        library: name of the course's package that holds the reference.
        cpu_seconds: CPU seconds that one test may take; by the wall clock it may take four times
            as many.
        seed: seed of random, numpy and torch, set before the submission is loaded.
    """

    def __init__(
        self,
        program: Program,
        mounts: Mounts,
        source: WorkerSource,
        *,
        imports: tuple[str, ...] = (),
        library: str = "",
        cpu_seconds: float = LEAST_CPU_SECONDS,
        seed: int = 0,
    ) -> None:
        self._program = program
        self._others = program.others
        self._mounts = mounts
        self._source = source
        self._imports = imports
        self._library = library
        self._seed = seed
        self.cpu_seconds = cpu_seconds
        self._worker: _Loaded | None = None
        self._load_error: SubmissionError | None = None
        self.notes: list[str] = []
        self.starts = 0
        self.overslept = False  # the wall clock ran out, which a busy machine may have caused
        self.clock = Clock()

    def renew(self) -> None:
        """Give the next test its full time, and start a worker when none is alive."""
        if self._worker is None or self._worker.dead:
            self.close()
            self._start()
        assert self._worker is not None
        self._worker.budget = _Budget.of(self.cpu_seconds, self._worker)
        self.clock = Clock()

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Send a request to the worker and wait for its reply.

        Raises:
            DeadlineExceeded: the time of the test is used up; the worker was ended.
            WorkerDied: the worker ended by itself.
            SubmissionError: the submission could not be loaded.
        """
        if self._worker is None:
            self.renew()
        assert self._worker is not None
        if self._load_error is not None:
            raise self._load_error
        began = time.monotonic()
        cpu = self._worker.cpu_seconds()
        try:
            return self._worker.exchange(request, payload)
        except Overslept:
            self.overslept = True
            raise
        finally:
            self.clock.wall += time.monotonic() - began
            self.clock.cpu += max(0.0, self._worker.cpu_seconds() - cpu)

    def close(self) -> None:
        """End the worker and all processes that it started."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _start(self) -> None:
        """Start a worker, and start it again without the student's other cells when it ends early.

        The other cells may be answers to other exercises, whose faults must not cost this exercise
        points.
        """
        self._start_and_load()
        broken = isinstance(self._load_error, DeadlineExceeded | WorkerDied | UnreadableValue)
        if broken and self._program.others:
            self.close()
            self._program = replace(self._program, others=())
            self._start_and_load()
        if self._program.others != self._others:
            self.notes = [WITHOUT_OTHERS, *self.notes]

    def _start_and_load(self) -> None:
        self.starts += 1
        self._load_error = None
        self._worker = _Loaded(self._source.start(self._mounts, self._imports))
        order = {
            "program": self._program.to_json(),
            "seed": self._seed,
            "probes": self._source.seen(self._mounts.probes),
            "library": self._library,
        }
        try:
            report = self._worker.load(order, self.cpu_seconds)
        except SubmissionError as error:
            self._load_error = error
            return
        self.notes = report["notes"]
        if report["error"] is not None:
            self._load_error = read_error(report["error"])


class _Loaded:
    """A worker, and the time that its present test has left."""

    def __init__(self, worker: Worker) -> None:
        self.dead = False
        self.budget: _Budget | None = None
        self._worker = worker
        self._peer = worker.peer

    def load(self, order: dict[str, Any], cpu_seconds: float) -> dict[str, Any]:
        """Send the program, and wait until the submission's cells have run."""
        self.budget = _Budget.of(cpu_seconds, self)
        tree, _ = self.exchange(order, b"")
        if type(tree) is not dict or type(tree.get("notes")) is not list:
            raise UnreadableValue("a malformed reply")
        notes = [note for note in tree["notes"][:MOST_NOTES] if type(note) is str]
        return {"notes": notes, "error": tree.get("error")}

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Send a request and wait for its reply, within the time that is left."""
        if self.dead:
            raise WorkerDied("The process that runs your code has ended.")
        try:
            self._peer.settimeout(self.budget.wall_left() if self.budget else None)
            send(self._peer, request, payload)
            tree, reply = receive(self._peer, self._wait_within_budget)
        except (BrokenFrame, OSError) as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise Overslept(_OUT_OF_TIME) from None
            if isinstance(error, BrokenFrame) and "hung up" not in str(error):
                raise UnreadableValue(f"Your code sent {error}.") from None
            raise WorkerDied("The process that runs your code ended before it answered.") from None
        except DeadlineExceeded:
            self.kill()
            raise
        return tree, bytes(reply)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the worker and of all processes that it started."""
        return self._worker.cpu_seconds()

    def kill(self) -> None:
        """End the worker and all processes that it started."""
        self.dead = True
        self._worker.kill()

    def _wait_within_budget(self) -> None:
        assert self.budget is not None
        while not select.select([self._peer], [], [], POLL_SECONDS)[0]:
            self.budget.check(self)
        self.budget.check_wall()


_OUT_OF_TIME = "Your code used more time than this test allows."


@dataclass
class _Budget:
    """The CPU time and wall-clock time at which a test is stopped."""

    cpu_until: float
    wall_until: float

    @classmethod
    def of(cls, cpu_seconds: float, worker: _Loaded) -> _Budget:
        wall = time.monotonic() + WALL_FACTOR * cpu_seconds
        return cls(worker.cpu_seconds() + cpu_seconds, wall)

    def wall_left(self) -> float:
        return max(0.01, self.wall_until - time.monotonic())

    def check_wall(self) -> None:
        if time.monotonic() > self.wall_until:
            raise Overslept(_OUT_OF_TIME)

    def check(self, worker: _Loaded) -> None:
        self.check_wall()
        if worker.cpu_seconds() > self.cpu_until:
            raise DeadlineExceeded(_OUT_OF_TIME)


@contextlib.contextmanager
def connected(
    program: Program, mounts: Mounts, source: WorkerSource, **options: Any
) -> Iterator[WorkerConnection]:
    """Open a connection that is closed at the end of the block, even after an exception."""
    connection = WorkerConnection(program, mounts, source, **options)
    try:
        yield connection
    finally:
        connection.close()


def probes_folder(tests: Path) -> Path | None:
    """Return the folder of probe files beside the tests; None when there is none."""
    folder = tests / "probes"
    return folder if folder.is_dir() else None
