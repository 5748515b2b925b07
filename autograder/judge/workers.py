"""What workers are to the judge, and what every kind of them shares."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import IO, Protocol

import psutil

from autograder.judge.sandbox import Mounts

START_SECONDS = 120.0
READY = b"+"
MOST_WORDS = 2_000  # bytes of a failure's text


class WorkerCannotStart(Exception):
    """The worker ended before it ran any of the student's code: the grader's own failure."""


class Worker(Protocol):
    """A process that serves one submission on a socket."""

    peer: socket.socket

    def cpu_seconds(self) -> float:
        """CPU time of the worker and of all that it started."""

    def kill(self) -> None:
        """End the worker and all that it started."""


class WorkerSource(Protocol):
    """Where workers come from."""

    def prepare(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> None:
        """Begin with what takes long before the first worker starts; waits for nothing."""

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """A worker that has run none of the student's code yet."""

    def lent(self) -> WorkerSource:
        """This source in a process forked from its own, for workers of that process."""

    def close(self) -> None:
        """End everything that was started."""

    def seen(self, folder: Path | None) -> str:
        """The path under which a worker sees the folder of probes."""


def cpu_of_family(process: psutil.Process) -> float:
    """CPU seconds of a process and its descendants; 0 when it is gone."""
    with contextlib.suppress(psutil.Error):
        return sum(map(_cpu_of, [process, *process.children(recursive=True)]))
    return 0.0


def _cpu_of(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def last_line(errors: IO[bytes]) -> str:
    """The last line that a process wrote to its standard error."""
    errors.seek(0)
    lines = errors.read()[-MOST_WORDS:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
