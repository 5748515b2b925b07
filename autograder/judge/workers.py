"""Defines what the judge needs of a worker and of a source of workers."""

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
    """The worker ended before it ran any of the student's code, a failure of the grader itself."""


class Worker(Protocol):
    """A process that runs one submission and answers requests on a socket.

    Attributes:
        peer: socket to the worker.
    """

    peer: socket.socket

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the worker and of all processes that it started."""

    def kill(self) -> None:
        """End the worker and all processes that it started."""


class WorkerSource(Protocol):
    """A source of workers."""

    def prepare(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> None:
        """Begin the slow part of starting the first worker, without waiting for its end."""

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Start a worker, which has not run any of the student's code yet."""

    def lent(self) -> WorkerSource:
        """Return a source for a process that was forked from the process of this source."""

    def close(self) -> None:
        """End all processes that this source started."""

    def seen(self, folder: Path | None) -> str:
        """Return the path under which a worker sees the folder of probes."""


def cpu_of_family(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and its descendants; 0 when the process is gone."""
    with contextlib.suppress(psutil.Error):
        return sum(map(_cpu_of, [process, *process.children(recursive=True)]))
    return 0.0


def _cpu_of(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def last_line(errors: IO[bytes]) -> str:
    """Return the last line that a process wrote to its standard error."""
    errors.seek(0)
    lines = errors.read()[-MOST_WORDS:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
