"""`python -m autograder.worker.forkserver FD MODULE...`: a process with torch loaded; its forks.

A tree of three levels, all inside bubblewrap. The server holds torch and the packages that every
submission imports. For each edition of the library it forks a *warm* process that sees this edition
alone and has it imported. For each answer that one forks a *worker*, which leaves everything behind
(`autograder.worker.isolation`) and runs the student's code. Server and warm processes run the
kit's code only and never hear of tests, results or students.

Orders are datagrams of JSON with one descriptor, the socket to serve on.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from autograder.worker import serving
from autograder.worker.isolation import die_with_parent, leave_everything, see_only

EDITION, EDITIONS = "/grading/edition", "/grading/editions"
READY, FAILED = b"+", b"-"
MOST_BYTES = 1 << 17
# What torch itself imports when it is first differentiated or traced: half a second of sympy.
LOADED_LATE = ("torch.fx.experimental.symbolic_shapes",)


def main(descriptor: int, modules: Iterable[str]) -> None:
    """Load some modules, then fork a warm process for each order until the judges hang up."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    _import_what_can_be((*LOADED_LATE, *modules))
    fork_for_each_order(control, become_warm)


def fork_for_each_order(
    control: socket.socket, become: Callable[[dict[str, Any], socket.socket], None]
) -> None:
    """For each order, let a fork become something else; return when there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MOST_BYTES, 1)
        if not message:
            return
        (descriptor,) = descriptors
        if os.fork():
            os.close(descriptor)
            continue
        status = 1
        try:
            control.detach()
            _close_all_but(descriptor)
            die_with_parent()
            become(json.loads(message), socket.socket(fileno=descriptor))
            status = 0
        finally:
            os._exit(status)


def become_warm(order: dict[str, Any], control: socket.socket) -> None:
    """See one edition, import what its submissions import, and fork a worker for each order."""
    try:
        see_only(order["edition"], editions=EDITIONS, seen_as=EDITION)
    except Exception as error:
        _fail(control, error)
        return
    _import_what_can_be(order["imports"])
    gc.collect()
    gc.freeze()  # what is here now stays, so that forks need not copy it to look at it
    control.send(READY)
    fork_for_each_order(control, become_worker)


def become_worker(order: dict[str, Any], peer: socket.socket) -> None:
    """Leave everything behind and serve one submission."""
    serving.silence()
    try:
        leave_everything(order)
    except Exception as error:
        _fail(peer, error)
        return
    peer.sendall(READY)
    serving.serve_submission(peer)


def _import_what_can_be(modules: Iterable[str]) -> None:
    """Import ahead of time; what cannot be imported fails in the submission, where it counts."""
    importlib.invalidate_caches()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            with suppress(Exception):
                importlib.import_module(name)


def _fail(peer: socket.socket, error: Exception) -> None:
    peer.sendall(FAILED + f"{type(error).__name__}: {error}".encode()[:1000])


def _close_all_but(descriptor: int) -> None:
    """Keep no descriptor of the server's but standard streams and one socket."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1 << 16)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
