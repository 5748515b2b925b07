"""Forks workers inside bubblewrap, by a fork server that is started once.

The server has torch loaded, and forks a warm process for each edition of the library (see
`autograder.worker.forkserver`). A worker that is forked from a warm process starts in milliseconds
instead of a second. Judges that are forked from one process share its server. Each judge has its
own warm processes in its own control group, so that time and memory of its workers are never
counted for another judge.
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
from typing import Any

import psutil

from autograder.judge.cgroups import ControlGroup, make_group
from autograder.judge.sandbox import INSIDE, Bubblewrap, Mounts, server_command
from autograder.judge.system_calls import compiled_filter
from autograder.judge.workers import (
    MOST_WORDS,
    READY,
    START_SECONDS,
    Worker,
    WorkerCannotStart,
    cpu_of_family,
    last_line,
)

END_SECONDS = 20.0
FIRST_UID, UIDS = 200_000, 50_000
APART = 977  # between the first uids of two processes, so that no two workers have the same uid
CREDENTIALS = socket.CMSG_SPACE(12)  # struct ucred: pid, uid, gid


class ForkServers:
    """A source of workers that are forked inside bubblewrap.

    Servers are started when they are first needed.

    Args:
        sandbox: the sandbox, whose limits hold for each worker.
    """

    def __init__(self, sandbox: Bubblewrap) -> None:
        self._sandbox = sandbox
        self._warm: dict[Mounts, _WarmProcesses] = {}

    def prepare(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> None:
        """Begin to start the server for these mounts, without waiting for it; see `start`."""
        key = _shared(mounts)
        if key not in self._warm:
            server = _Server(self._sandbox, mounts, _outside(mounts, imports))
            self._warm[key] = _WarmProcesses(server, self._sandbox)

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Fork a worker.

        Args:
            mounts: the files of the course that the worker sees.
            imports: modules that the submission imports; they are loaded before its time starts.

        Raises:
            WorkerCannotStart: no worker could be forked; the message says why, where that is known.
        """
        key = _shared(mounts)
        for last_attempt in (False, True):
            is_new = key not in self._warm
            self.prepare(mounts, imports)
            try:
                return self._warm[key].fork(mounts.edition.name, imports)
            except WorkerCannotStart:
                # The kernel may have killed an earlier server for memory: try a new server.
                self._warm.pop(key).close()
                if is_new or last_attempt:
                    raise
        raise AssertionError("unreachable")

    def lent(self) -> ForkServers:
        """Return a source with the same servers and its own warm processes."""
        source = ForkServers(self._sandbox)
        source._warm = {
            key: _WarmProcesses(warm.server, self._sandbox) for key, warm in self._warm.items()
        }
        return source

    def close(self) -> None:
        """End all workers of this source, and the servers if this process started them."""
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()

    def seen(self, folder: Path | None) -> str:
        """Return the path of the probes in the sandbox, which is always the same."""
        return str(INSIDE / "probes")


def _shared(mounts: Mounts) -> Mounts:
    """Return mounts without the edition: what all workers of a server have in common."""
    return replace(mounts, edition=mounts.edition.parent)


def _outside(mounts: Mounts, imports: tuple[str, ...]) -> list[str]:
    """Return the modules that belong neither to an edition nor to another package of the course."""
    own = {mounts.library, *(package.name for package in mounts.packages)}
    return [module for module in imports if module.partition(".")[0] not in own]


class _Server:
    """A fork server.

    The process that starts the server owns it. Processes that are forked from the owner may send
    orders, too.

    Args:
        sandbox: the sandbox that the server runs in.
        mounts: the files of the course that the server sees.
        imports: modules that the server loads for all its forks.
    """

    def __init__(self, sandbox: Bubblewrap, mounts: Mounts, imports: list[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*sandbox.command(mounts), *server_command(theirs.fileno(), imports)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors.fileno(),
                pass_fds=[theirs.fileno()],
                env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
                process_group=0,  # Ctrl-C must reach only the grader, which decides what ends
            )
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end_server, self._process, self._control, self._owner)

    def warm(self, edition: str, imports: tuple[str, ...]) -> tuple[socket.socket, int]:
        """Start a warm process of an edition; return a socket to the process, and its pid."""
        order = {"edition": edition, "imports": imports}
        warm = _hand_over(self._control, order, socket.SOCK_SEQPACKET)
        return warm, _await_greeting(warm, self.last_words)

    def close(self) -> None:
        """End the server and, with bubblewrap, all its forks; only the owner ends the server."""
        self._end()

    def last_words(self) -> str:
        if os.getpid() == self._owner:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # the server writes its last words before it ends
        return last_line(self._errors)


class _WarmProcesses:
    """The warm processes that this process has from a server, and their workers.

    Args:
        server: the server, started by this process or by the process that it was forked from.
        sandbox: the sandbox, whose limits hold for each worker.
    """

    def __init__(self, server: _Server, sandbox: Bubblewrap) -> None:
        self.server = server
        self._limits = sandbox.limits
        self._group: ControlGroup | None = None
        self._warm: dict[tuple[str, tuple[str, ...]], socket.socket] = {}
        self._uids = itertools.count(os.getpid() * APART)
        self._order = {
            "limits": self._limits.rlimits(),
            "scratch": self._limits.scratch,
            "seccomp": base64.b64encode(compiled_filter()).decode(),
        }

    def fork(self, edition: str, imports: tuple[str, ...]) -> Worker:
        """Fork a worker that sees an edition and has some modules loaded."""
        warm = self._warm.get((edition, imports))
        if warm is None:
            warm = self._warm[edition, imports] = self._new(edition, imports)
        uid = FIRST_UID + next(self._uids) % UIDS if os.geteuid() == 0 else None
        peer = _hand_over(warm, {**self._order, "uid": uid}, socket.SOCK_STREAM)
        pid = _await_greeting(peer, self.server.last_words)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return _Fork(peer, pid, self._group)

    def _new(self, edition: str, imports: tuple[str, ...]) -> socket.socket:
        """Start a warm process, and put it into the control group.

        Its workers are then in the group from the start. Moving each worker would take the kernel
        milliseconds. When memory runs out, the kernel kills workers first (`leave_everything`).
        """
        warm, pid = self.server.warm(edition, imports)
        if not self._warm:
            self._group = make_group(self._limits.memory_in_all, self._limits.processes)
        if self._group is not None:
            self._group.add(pid)
        return warm

    def close(self) -> None:
        """End the warm processes and their workers, and the server if this process started it."""
        for warm in self._warm.values():
            warm.close()
        self.server.close()
        if self._group is not None:
            folders = self._group.folders
            _retried(self._group.remove, until=lambda: not any(f.exists() for f in folders))
        self._warm.clear()


def _hand_over(to: socket.socket, order: dict[str, Any], kind: socket.SocketKind) -> socket.socket:
    """Send an order with one end of a new pair of sockets; return the other end."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    # Set before anything can be sent: the kernel notes the sender's pid only while it sends.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    with theirs:
        try:
            socket.send_fds(to, [json.dumps(order).encode()], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise WorkerCannotStart(f"the fork server is gone: {error}") from None
    return ours


def _await_greeting(peer: socket.socket, last_words: Callable[[], str]) -> int:
    """Wait for a new process to report that it is ready; return its pid, or 0 if not known."""
    if not select.select([peer], [], [], START_SECONDS)[0]:
        raise WorkerCannotStart(f"the worker did not start in {START_SECONDS:.0f} s")
    said, ancillary, _, _ = peer.recvmsg(MOST_WORDS, CREDENTIALS)
    if said != READY:
        reason = said[1:].decode(errors="replace") or last_words()
        raise WorkerCannotStart(f"the worker could not start: {reason}")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int.from_bytes(data[:4], "little")
    return 0


class _Fork:
    """A forked worker.

    Args:
        peer: socket to the worker.
        pid: pid of the worker outside the sandbox.
        group: control group of the worker; None where there is none.
    """

    def __init__(self, peer: socket.socket, pid: int, group: ControlGroup | None) -> None:
        self.peer = peer
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._watch = psutil.Process(pid)
        self._cpu = 0.0
        self._group = group
        self._before = 0.0
        if group is not None:
            self._before = group.cpu_seconds()

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the worker and of all processes that it started.

        The control group also counts processes that have ended. Without a control group only
        running processes count.
        """
        if self._group is not None:
            return self._group.cpu_seconds() - self._before
        self._cpu = max(self._cpu, cpu_of_family(self._watch))
        return self._cpu

    def kill(self) -> None:
        """End the first process of the worker's namespace; the kernel ends the others with it."""
        if self._handle < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        select.select([self._handle], [], [], END_SECONDS)
        os.close(self._handle)
        self._handle = -1
        self.peer.close()


def _end_server(process: subprocess.Popen[bytes], control: socket.socket, owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.wait()
    control.close()


def _retried(action: Callable[[], None], *, until: Callable[[], bool]) -> None:
    """Repeat an action until it has worked; the kernel removes ended processes with a delay."""
    give_up = time.monotonic() + END_SECONDS
    action()
    while not until() and time.monotonic() < give_up:
        select.select([], [], [], 0.01)
        action()
