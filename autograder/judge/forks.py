"""Workers forked inside bubblewrap, by a fork server that is started once.

The server holds torch and one warm process for each edition of the library (see
`autograder.worker.forkserver`); from there a worker takes milliseconds instead of a second. Judges
that are forked from one process share its server. Each has warm processes of its own, in a control
group of its own: what one judge's workers use is never counted as another's.
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
APART = 977  # between the first uids of two processes, so that no two workers have the same
CREDENTIALS = socket.CMSG_SPACE(12)  # struct ucred: pid, uid, gid


class ForkServers:
    """Workers forked inside bubblewrap; the servers are started when they are first needed.

    Args:
        sandbox: its limits hold for each worker.
    """

    def __init__(self, sandbox: Bubblewrap) -> None:
        self._sandbox = sandbox
        self._warm: dict[Mounts, _WarmProcesses] = {}

    def prepare(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> None:
        """Begin to start the server of these mounts; see `start`."""
        key = _shared(mounts)
        if key not in self._warm:
            server = _Server(self._sandbox, mounts, _outside(mounts, imports))
            self._warm[key] = _WarmProcesses(server, self._sandbox)

    def start(self, mounts: Mounts, imports: tuple[str, ...] = ()) -> Worker:
        """Fork a worker.

        Args:
            mounts: what it sees.
            imports: modules that the submission imports, loaded before its time starts.

        Raises:
            WorkerCannotStart: with the reason, as far as it is known.
        """
        key = _shared(mounts)
        for last_attempt in (False, True):
            is_new = key not in self._warm
            self.prepare(mounts, imports)
            try:
                return self._warm[key].fork(mounts.edition.name, imports)
            except WorkerCannotStart:
                # A server that served before may have been killed for memory: try a new one.
                self._warm.pop(key).close()
                if is_new or last_attempt:
                    raise
        raise AssertionError("unreachable")

    def lent(self) -> ForkServers:
        """The same servers, with warm processes of one's own."""
        source = ForkServers(self._sandbox)
        source._warm = {
            key: _WarmProcesses(warm.server, self._sandbox) for key, warm in self._warm.items()
        }
        return source

    def close(self) -> None:
        """End the servers, unless they are lent, and all our workers."""
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()

    def seen(self, folder: Path | None) -> str:
        """Inside, probes have one place."""
        return str(INSIDE / "probes")


def _shared(mounts: Mounts) -> Mounts:
    """What the workers of a server have in common: all but the edition."""
    return replace(mounts, edition=mounts.edition.parent)


def _outside(mounts: Mounts, imports: tuple[str, ...]) -> list[str]:
    """Modules that belong to no edition and to none of the course's packages."""
    own = {mounts.library, *(package.name for package in mounts.packages)}
    return [module for module in imports if module.partition(".")[0] not in own]


class _Server:
    """A fork server. Processes forked from its owner may send it orders, too.

    Args:
        sandbox: where it runs.
        mounts: what is visible there.
        imports: modules that it loads for all of its forks.
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
                process_group=0,  # Ctrl-C is meant for the grader, which decides what ends
            )
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end_server, self._process, self._control, self._owner)

    def warm(self, edition: str, imports: tuple[str, ...]) -> tuple[socket.socket, int]:
        """A socket to a new warm process of an edition, and its pid."""
        order = {"edition": edition, "imports": imports}
        warm = _hand_over(self._control, order, socket.SOCK_SEQPACKET)
        return warm, _await_greeting(warm, self.last_words)

    def close(self) -> None:
        """End the server; bubblewrap takes its whole process namespace along. Only for its owner"""
        self._end()

    def last_words(self) -> str:
        if os.getpid() == self._owner:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)  # it writes before it ends
        return last_line(self._errors)


class _WarmProcesses:
    """This process's warm forks of a server, and the workers that come from them.

    Args:
        server: our own, or that of the process that we were forked from.
        sandbox: its limits.
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
        """A new worker of an edition."""
        warm = self._warm.get((edition, imports))
        if warm is None:
            warm = self._warm[edition, imports] = self._new(edition, imports)
        uid = FIRST_UID + next(self._uids) % UIDS if os.geteuid() == 0 else None
        peer = _hand_over(warm, {**self._order, "uid": uid}, socket.SOCK_STREAM)
        pid = _await_greeting(peer, self.server.last_words)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return _Fork(peer, pid, self._group)

    def _new(self, edition: str, imports: tuple[str, ...]) -> socket.socket:
        """A new warm process, put into the control group, where all its workers are then born.

        The kernel takes milliseconds to move a process, so no worker is moved. Workers are the
        first to go when memory runs out (`leave_everything`).
        """
        warm, pid = self.server.warm(edition, imports)
        if not self._warm:
            self._group = make_group(self._limits.memory_in_all, self._limits.processes)
        if self._group is not None:
            self._group.add(pid)
        return warm

    def close(self) -> None:
        """End the warm processes, and with them their workers; also the server, if it is ours."""
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
    # Before anything can be sent: the sender's pid is noted when it sends, or not at all.
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    with theirs:
        try:
            socket.send_fds(to, [json.dumps(order).encode()], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise WorkerCannotStart(f"the fork server is gone: {error}") from None
    return ours


def _await_greeting(peer: socket.socket, last_words: Callable[[], str]) -> int:
    """Wait for the first byte; return the sender's pid, where it is told."""
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
    """A worker that was forked, known by its pid outside."""

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


def _end_server(process: subprocess.Popen[bytes], control: socket.socket, owner: int) -> None:
    if os.getpid() == owner:
        process.kill()
        process.wait()
    control.close()


def _retried(action: Callable[[], None], *, until: Callable[[], bool]) -> None:
    """Repeat until it worked: the kernel removes what ended a moment later."""
    give_up = time.monotonic() + END_SECONDS
    action()
    while not until() and time.monotonic() < give_up:
        select.select([], [], [], 0.01)
        action()
