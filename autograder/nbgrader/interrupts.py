"""Lets Ctrl-C stop a run between two submissions, never in the middle of a submission."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C take effect only at the end of the block.

    nbgrader would take the interruption for a fault of the submission that it works on, and go on.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed during the block; raised at its end.
    """
    if threading.current_thread() is not threading.main_thread():  # gets no signals
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
