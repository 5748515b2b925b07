"""Ctrl-C between two submissions, and never within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block.

    nbgrader takes an interruption for a fault of the submission that it is at, and goes on.

    Raises:
        KeyboardInterrupt: at the end, if it came.
    """
    if threading.current_thread() is not threading.main_thread():  # where none arrives
        yield
        return
    came = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if came.is_set():
        raise KeyboardInterrupt
