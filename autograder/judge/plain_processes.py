"""Starts workers as plain processes without a sandbox, for trusted work only."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from pathlib import Path
from typing import IO

import psutil

from autograder.judge.sandbox import Mounts, start_unsandboxed
from autograder.judge.workers import (
    READY,
    START_SECONDS,
    Worker,
    WorkerCannotStart,
    cpu_of_family,
    last_line,
)


class PlainProcesses:
    """A source of workers without a sandbox; each worker is a new process."""

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Start a worker.

        Raises:
            WorkerCannotStart: the worker ended; the message has the last line that it wrote.
        """
        return _PlainProcess(mounts)

    def prepare(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> None:
        """Do nothing: a plain process cannot be prepared."""

    def lent(self) -> PlainProcesses:
        """Return this source, which keeps no processes."""
        return self

    def close(self) -> None:
        """Do nothing: this source keeps no processes."""

    def seen(self, folder: Path | None) -> str:
        """Return the path of the folder, which is the same for a worker without a sandbox."""
        return str(folder)


class _PlainProcess:
    def __init__(self, mounts: Mounts) -> None:
        self.peer, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `kill`
        self._errors: IO[bytes] = errors
        with theirs:
            self._process = start_unsandboxed(mounts, theirs.fileno(), errors.fileno())
        self._watch = psutil.Process(self._process.pid)
        self._cpu = 0.0
        self.peer.settimeout(START_SECONDS)
        try:
            greeting = self.peer.recv(1)
        except TimeoutError:
            greeting = b""
        if greeting != READY:
            self._process.kill()
            self._process.wait()
            reason = last_line(errors)
            self.kill()
            raise WorkerCannotStart(f"the worker could not start: {reason}")

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the worker and of its running children."""
        self._cpu = max(self._cpu, cpu_of_family(self._watch))
        return self._cpu

    def kill(self) -> None:
        """End the worker and its descendants; a process that left the family is not found."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            family = self._watch.children(recursive=True)
        for process in (self._process, *family):
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        self._process.wait()
        self.peer.close()
        self._errors.close()
