"""Starts workers: forks of a fork server inside bubblewrap, or, on request, plain processes.

A fork server is started once for what its workers may see, and holds torch and one warm process for
each edition of the library (see `autograder.worker.forkserver`); from there a worker takes
milliseconds instead of a second.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

from autograder.judge.cgroups import ControlGroup, make_group
from autograder.judge.sandbox import (
    INSIDE,
    Bubblewrap,
    Mounts,
    Sandbox,
    server_command,
    start_unsandboxed,
)
from autograder.judge.system_calls import compiled_filter

START_SECONDS = 120.0
END_SECONDS = 20.0
FIRST_UID, UIDS = 200_000, 50_000
READY = b"+"
MOST_WORDS = 2_000  # bytes of a failure's text
CREDENTIALS = socket.CMSG_SPACE(12)  # struct ucred: pid, uid, gid
_uids = itertools.count(os.getpid() * 7)


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

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """A worker that has run none of the student's code yet."""

    def close(self) -> None:
        """End everything that was started."""

    def seen(self, folder: Path | None) -> str:
        """The path under which a worker sees the folder of probes."""


def worker_source(sandbox: Sandbox) -> WorkerSource:
    """Where workers come from, for a kind of sandbox."""
    return ForkServers(sandbox) if isinstance(sandbox, Bubblewrap) else PlainProcesses()


# forks, sandboxed -------------------------------------------------------------------------------


class ForkServers:
    """Workers forked inside bubblewrap; the servers are started when they are first needed.

    Args:
        sandbox: its limits hold for each worker.
    """

    def __init__(self, sandbox: Bubblewrap) -> None:
        self._sandbox = sandbox
        self._servers: dict[Mounts, _Server] = {}

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Fork a worker.

        Args:
            mounts: what it sees.
            imports: modules that the submission imports, loaded before its time starts.

        Raises:
            WorkerCannotStart: with the reason, as far as it is known.
        """
        key = replace(mounts, edition=mounts.edition.parent)
        for last_attempt in (False, True):
            server = self._servers.get(key)
            is_new = server is None
            if server is None:
                server = self._servers[key] = _Server(self._sandbox, mounts)
            try:
                return server.fork(mounts.edition.name, imports)
            except WorkerCannotStart:
                # A server that served before may have been killed for memory: try a new one.
                self._servers.pop(key).close()
                if is_new or last_attempt:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the servers and all their workers."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()

    def seen(self, folder: Path | None) -> str:
        """Inside, probes have one place."""
        return str(INSIDE / "probes")


class _Server:
    """A fork server, and the sockets to its warm processes."""

    def __init__(self, sandbox: Bubblewrap, mounts: Mounts) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*sandbox.command(mounts), *server_command(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors.fileno(),
                pass_fds=[theirs.fileno()],
                env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
            )
        limits = sandbox.limits
        self._group = make_group(limits.memory_in_all, limits.processes)
        self._warm: dict[tuple[str, tuple[str, ...]], socket.socket] = {}
        self._order = {
            "limits": limits.rlimits(),
            "scratch": limits.scratch,
            "seccomp": base64.b64encode(compiled_filter()).decode(),
        }
        self._greeted = False
        self._end = weakref.finalize(self, _end_server, self._process, self._control, self._group)

    def fork(self, edition: str, imports: tuple[str, ...]) -> Worker:
        """A new worker of an edition."""
        if not self._greeted:
            self._await_greeting(self._control)
            self._bound_the_sum()
            self._greeted = True
        warm = self._warm.get((edition, imports))
        if warm is None:
            warm = self._hand_over(
                self._control, {"edition": edition, "imports": imports}, socket.SOCK_SEQPACKET
            )
            self._await_greeting(warm)
            self._warm[edition, imports] = warm
        uid = FIRST_UID + next(_uids) % UIDS if os.geteuid() == 0 else None
        peer = self._hand_over(warm, {**self._order, "uid": uid}, socket.SOCK_STREAM)
        pid = self._await_greeting(peer)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return _Fork(peer, pid, self._group)

    def close(self) -> None:
        """End the server; bubblewrap takes its whole process namespace along."""
        for warm in self._warm.values():
            warm.close()
        self._end()
        self._errors.close()

    def _bound_the_sum(self) -> None:
        """Put the server into the control group, where all its forks are then born.

        The kernel takes milliseconds to move a process, so no worker is moved. Workers are the
        first to go when memory runs out (`leave_everything`).
        """
        if self._group is None:
            return
        server = psutil.Process(self._process.pid)
        for process in (server, *server.children(recursive=True)):
            self._group.add(process.pid)

    def _hand_over(
        self, to: socket.socket, order: dict[str, Any], kind: socket.SocketKind
    ) -> socket.socket:
        """Send an order with one end of a new pair of sockets; return the other end."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        # Before anything can be sent: the sender's pid is noted when it sends, or not at all.
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs:
            try:
                socket.send_fds(to, [json.dumps(order).encode()], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise WorkerCannotStart(f"the fork server is gone: {error}") from None
        return ours

    def _await_greeting(self, peer: socket.socket) -> int:
        """Wait for the first byte; return the sender's pid, where it is told."""
        if not select.select([peer], [], [], START_SECONDS)[0]:
            raise WorkerCannotStart(f"the worker did not start in {START_SECONDS:.0f} s")
        said, ancillary, _, _ = peer.recvmsg(MOST_WORDS, CREDENTIALS)
        if said != READY:
            reason = said[1:].decode(errors="replace") or self._last_words()
            raise WorkerCannotStart(f"the worker could not start: {reason}")
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                return int.from_bytes(data[:4], "little")
        return 0

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)  # it writes before it ends
        return last_line(self._errors)


class _Fork:
    """A worker that was forked, known by its pid outside."""

    def __init__(self, peer: socket.socket, pid: int, group: ControlGroup | None) -> None:
        self.peer = peer
        self._handle = os.pidfd_open(pid)
        self._watch = psutil.Process(pid)
        self._cpu = 0.0
        self._group = group
        self._before = 0.0
        if group is not None:
            self._before = group.cpu_seconds()

    def cpu_seconds(self) -> float:
        """From the control group, which counts processes that ended too; else what still runs."""
        if self._group is not None:
            return self._group.cpu_seconds() - self._before
        self._cpu = max(self._cpu, cpu_of_family(self._watch))
        return self._cpu

    def kill(self) -> None:
        """End the first process of the worker's namespace, and with it all others there."""
        if self._handle < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        select.select([self._handle], [], [], END_SECONDS)
        os.close(self._handle)
        self._handle = -1
        self.peer.close()


def _end_server(
    process: subprocess.Popen[bytes], control: socket.socket, group: ControlGroup | None
) -> None:
    process.kill()
    process.wait()
    control.close()
    if group is not None:
        _retried(group.remove, until=lambda: not any(f.exists() for f in group.folders))


def _retried(action: Callable[[], None], *, until: Callable[[], bool]) -> None:
    """Repeat until it worked: the kernel removes what ended a moment later."""
    give_up = time.monotonic() + END_SECONDS
    action()
    while not until() and time.monotonic() < give_up:
        select.select([], [], [], 0.01)
        action()


# plain processes --------------------------------------------------------------------------------


class PlainProcesses:
    """Workers without a sandbox, each started anew."""

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Start a worker.

        Raises:
            WorkerCannotStart: with its last words.
        """
        return _PlainProcess(mounts)

    def close(self) -> None:
        """Nothing is kept."""

    def seen(self, folder: Path | None) -> str:
        """Outside, as it is."""
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
        """CPU time of what still runs."""
        self._cpu = max(self._cpu, cpu_of_family(self._watch))
        return self._cpu

    def kill(self) -> None:
        """End it and the processes that it started, as far as they are still known as its own."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            family = self._watch.children(recursive=True)
        for process in (self._process, *family):
            with contextlib.suppress(psutil.Error, OSError):
                process.kill()
        self._process.wait()
        self.peer.close()
        self._errors.close()


# both -------------------------------------------------------------------------------------------


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
