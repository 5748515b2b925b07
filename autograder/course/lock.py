"""Keeps two writing commands from one checkout at the same time."""

from __future__ import annotations

import errno
import getpass
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.course.course import Course

PATIENCE_SECONDS = 5.0
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


class CheckoutInUse(ValueError):
    """Another command writes in the checkout; the message says which, whose and since when."""


@contextmanager
def writing(
    course: Course,
    command: str,
    *,
    warn: Callable[[str], None],
    name: str = "writing",
    patience: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """Keep other writing commands out of a checkout until the block ends.

    The operating system holds the lock for this process, so that a crash leaves none behind.

    Args:
        course: the checkout.
        command: what the user typed, for whoever has to wait.
        warn: told when the file system knows no locks; the block runs all the same.
        name: of the lock; commands with locks of other names do not wait for one another.
        patience: seconds to wait for another command.

    Raises:
        CheckoutInUse: another command has held the lock all that time.
    """
    course.state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(course.state / f"{name}.lock", timeout=patience)
    holder = course.state / f"{name}.json"
    try:
        lock.acquire()
    except Timeout:
        raise CheckoutInUse(_in_use(course, holder)) from None
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in NO_LOCKS:
            raise
        warn(f"The file system of {course.root} knows no locks: run one writing command at a time.")
        yield
        return
    try:
        holder.write_text(json.dumps(_holder(command)), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(command: str) -> dict[str, str | int]:
    """What others are told of this process."""
    return {
        "command": command,
        "process": os.getpid(),
        "user": _user(),
        "host": platform.node(),
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return str(os.getuid())


def _in_use(course: Course, holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        return (
            f"{course.root} is in use: {who['user']} runs `{who['command']}` there since "
            f"{who['since']} (process {who['process']} on {who['host']}). Wait until it ends, or "
            "stop it, and run the command again"
        )
    except (OSError, ValueError, KeyError, TypeError):  # it has only just begun
        return f"{course.root} is in use by another command: wait until it ends, and run this again"
