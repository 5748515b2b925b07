"""Runs the fork server, which forks workers that have torch loaded already.

It is started by `python -m autograder.worker.forkserver FD MODULE...`. Its processes form a tree of
three levels, all inside bubblewrap. The *server* has loaded torch and the packages that every
submission imports. For each edition of the library, the server forks a *warm* process that sees
this edition alone and has imported it. For each answer, the warm process forks a *worker*, which
gives up its rights (`autograder.worker.isolation`) and runs the student's code. The server and warm
processes run only the kit's code and get no tests, results or names of students.

An order is a datagram of JSON with one descriptor, the socket that the new process serves on.
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
# torch imports this module when it first differentiates or traces: half a second, for sympy.
LOADED_LATE = ("torch.fx.experimental.symbolic_shapes",)


def main(descriptor: int, modules: Iterable[str]) -> None:
    """Import modules, then fork a warm process for each order until the judges hang up.

    Args:
        descriptor: descriptor of the socket that orders come from.
        modules: names of the modules.
    """
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    _import_what_can_be((*LOADED_LATE, *modules))
    fork_for_each_order(control, become_warm)


def fork_for_each_order(
    control: socket.socket, become: Callable[[dict[str, Any], socket.socket], None]
) -> None:
    """Fork a process for each order, until no more orders come.

    Args:
        control: socket that orders come from.
        become: called in the new process with the order and the socket to serve on.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the forks
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
    """Become a warm process: see one edition, import its modules, fork a worker for each order.

    Args:
        order: the `edition`, and the modules (`imports`) that its submissions import.
        control: socket that orders for workers come from.
    """
    try:
        see_only(order["edition"], editions=EDITIONS, seen_as=EDITION)
    except Exception as error:
        _fail(control, error)
        return
    _import_what_can_be(order["imports"])
    gc.collect()
    gc.freeze()  # the collector of a fork then leaves these objects, and so their pages, untouched
    control.send(READY)
    fork_for_each_order(control, become_worker)


def become_worker(order: dict[str, Any], peer: socket.socket) -> None:
    """Become a worker: give up all rights (see `leave_everything`), then serve one submission."""
    serving.silence()
    try:
        leave_everything(order)
    except Exception as error:
        _fail(peer, error)
        return
    peer.sendall(READY)
    serving.serve_submission(peer)


def _import_what_can_be(modules: Iterable[str]) -> None:
    """Import modules ahead of time; a module that fails fails again in the submission."""
    importlib.invalidate_caches()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            with suppress(Exception):
                importlib.import_module(name)


def _fail(peer: socket.socket, error: Exception) -> None:
    peer.sendall(FAILED + f"{type(error).__name__}: {error}".encode()[:1000])


def _close_all_but(descriptor: int) -> None:
    """Close all descriptors but the standard streams and one socket."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1 << 16)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
