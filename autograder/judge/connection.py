"""The judge's end of the socket: starts workers, bounds their time, and survives their death."""

from __future__ import annotations

import contextlib
import select
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.judge.deadlines import LEAST_CPU_SECONDS
from autograder.judge.sandbox import INSIDE, Mounts, Sandbox
from autograder.student.errors import (
    DeadlineExceeded,
    SubmissionError,
    UnreadableValue,
    WorkerDied,
)
from autograder.student.program import Program
from autograder.student.submission import read_error
from autograder.worker.frames import BrokenFrame, receive, send

WALL_FACTOR = 4.0
START_SECONDS = 120.0
POLL_SECONDS = 0.1


class WorkerCannotStart(Exception):
    """The worker ended before it ran any of the student's code: the grader's own failure."""


@dataclass
class Clock:
    """Time that the tests of one exercise took, on the worker's side."""

    wall: float = 0.0
    cpu: float = 0.0


class WorkerConnection:
    """A connection to a worker that holds one answer.

    The worker starts when the first request comes; after it died, `renew` starts another.

    Args:
        program: what the worker runs.
        mounts: what it sees.
        sandbox: what holds it.
        names: packages whose public objects a request may name.
        cpu_seconds: CPU time that one test may take; the wall clock gets four times that.
        seed: random, numpy and torch are seeded with it before the submission is loaded.
    """

    def __init__(
        self,
        program: Program,
        mounts: Mounts,
        sandbox: Sandbox,
        *,
        names: tuple[str, ...] = (),
        cpu_seconds: float = LEAST_CPU_SECONDS,
        seed: int = 0,
    ) -> None:
        self._program = program
        self._mounts = mounts
        self._sandbox = sandbox
        self._names = names
        self._seed = seed
        self.cpu_seconds = cpu_seconds
        self._worker: _Worker | None = None
        self._load_error: SubmissionError | None = None
        self.notes: list[str] = []
        self.starts = 0
        self.clock = Clock()

    def renew(self) -> None:
        """Forget the time used, and start a worker when there is none (or it died)."""
        if self._worker is None or self._worker.dead:
            self.close()
            self._start()
        assert self._worker is not None
        self._worker.budget = _Budget.of(self.cpu_seconds, self._worker)
        self.clock = Clock()

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """Send a request to the worker and wait for its reply.

        Raises:
            DeadlineExceeded: the test's time is used up; the worker is gone.
            WorkerDied: the worker ended.
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
        finally:
            self.clock.wall += time.monotonic() - began
            self.clock.cpu += max(0.0, self._worker.cpu_seconds() - cpu)

    def close(self) -> None:
        """End the worker, and everything that it started."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _start(self) -> None:
        self.starts += 1
        self._load_error = None
        self._worker = _Worker(self._mounts, self._sandbox)
        probes = INSIDE / "probes" if self._sandbox.contained else self._mounts.probes
        order = {
            "program": self._program.to_json(),
            "seed": self._seed,
            "probes": str(probes),
            "names": list(self._names),
        }
        try:
            report = self._worker.load(order, self.cpu_seconds)
        except SubmissionError as error:
            self._load_error = error
            return
        except WorkerCannotStart:
            self.close()
            raise
        self.notes = report["notes"]
        if report["error"] is not None:
            self._load_error = read_error(report["error"])


class _Worker:
    """One worker process and the judge's end of its socket."""

    def __init__(self, mounts: Mounts, sandbox: Sandbox) -> None:
        self.dead = False
        self.budget: _Budget | None = None
        self._peer, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        with theirs:
            self._process = sandbox.start(mounts, theirs.fileno(), self._errors.fileno())
        self._watch = psutil.Process(self._process.pid)
        self._cpu = 0.0

    def load(self, order: dict[str, Any], cpu_seconds: float) -> dict[str, Any]:
        """Send the program; wait until the submission's cells have run."""
        self.budget = None
        started = time.monotonic()

        def starting() -> None:
            self._wait_readable()
            if time.monotonic() - started > START_SECONDS:
                raise WorkerCannotStart(f"the worker did not start in {START_SECONDS:.0f} s")

        try:
            ready, _ = receive(self._peer, starting)
        except BrokenFrame:
            raise WorkerCannotStart(f"the worker could not start: {self._last_words()}") from None
        if ready != {"ready": True}:
            raise WorkerCannotStart("the worker sent something else than its greeting")
        self.budget = _Budget.of(cpu_seconds, self)
        tree, _ = self.exchange(order, b"")
        if type(tree) is not dict or type(tree.get("notes")) is not list:
            raise UnreadableValue("a malformed reply")
        notes = [note for note in tree["notes"] if type(note) is str]
        return {"notes": notes, "error": tree.get("error")}

    def exchange(self, request: dict[str, Any], payload: bytes) -> tuple[Any, bytes]:
        """One request and its reply, within the budget."""
        if self.dead:
            raise WorkerDied("The process that runs your code has ended.")
        try:
            self._peer.settimeout(self.budget.wall_left() if self.budget else None)
            send(self._peer, request, payload)
            tree, reply = receive(self._peer, self._wait_within_budget)
        except (BrokenFrame, OSError) as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise DeadlineExceeded(_OUT_OF_TIME) from None
            if isinstance(error, BrokenFrame) and "hung up" not in str(error):
                raise UnreadableValue(f"Your code sent {error}.") from None
            raise WorkerDied("The process that runs your code ended before it answered.") from None
        except DeadlineExceeded:
            self.kill()
            raise
        return tree, bytes(reply)

    def cpu_seconds(self) -> float:
        """CPU time of the worker and of all that it started, as far as they still run."""
        with contextlib.suppress(psutil.Error):
            family = [self._watch, *self._watch.children(recursive=True)]
            self._cpu = max(self._cpu, sum(_cpu_of(process) for process in family))
        return self._cpu

    def kill(self) -> None:
        """End the worker; bubblewrap takes its whole process namespace along."""
        self.dead = True
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            family = self._watch.children(recursive=True)
        for process in (self._process, *family):
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        self._process.wait()
        self._peer.close()
        self._errors.close()

    def _wait_readable(self) -> None:
        select.select([self._peer], [], [], POLL_SECONDS)

    def _wait_within_budget(self) -> None:
        assert self.budget is not None
        while not select.select([self._peer], [], [], POLL_SECONDS)[0]:
            self.budget.check(self)
        self.budget.check_wall()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


_OUT_OF_TIME = "Your code used more time than this test allows."


@dataclass
class _Budget:
    """CPU and wall-clock time that is left to a test."""

    cpu_until: float
    wall_until: float

    @classmethod
    def of(cls, cpu_seconds: float, worker: _Worker) -> _Budget:
        wall = time.monotonic() + WALL_FACTOR * cpu_seconds
        return cls(worker.cpu_seconds() + cpu_seconds, wall)

    def wall_left(self) -> float:
        return max(0.01, self.wall_until - time.monotonic())

    def check_wall(self) -> None:
        if time.monotonic() > self.wall_until:
            raise DeadlineExceeded(_OUT_OF_TIME)

    def check(self, worker: _Worker) -> None:
        self.check_wall()
        if worker.cpu_seconds() > self.cpu_until:
            raise DeadlineExceeded(_OUT_OF_TIME)


def _cpu_of(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


@contextlib.contextmanager
def connected(
    program: Program, mounts: Mounts, sandbox: Sandbox, **options: Any
) -> Iterator[WorkerConnection]:
    """A connection that is closed at the end of the block, whatever happened in it."""
    connection = WorkerConnection(program, mounts, sandbox, **options)
    try:
        yield connection
    finally:
        connection.close()


def probes_folder(tests: Path) -> Path | None:
    """The folder of probe files beside the tests, when there is one."""
    folder = tests / "probes"
    return folder if folder.is_dir() else None
