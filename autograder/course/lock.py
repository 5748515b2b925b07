"""Keeps two commands from writing to the same checkout at the same time."""

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
    """Another command writes to the checkout; the message names it, its user and its start."""


@contextmanager
def writing(
    course: Course,
    command: str,
    *,
    warn: Callable[[str], None],
    name: str = "writing",
    patience: float = PATIENCE_SECONDS,
) -> Iterator[None]:
    """Keep other commands from writing to a checkout until the block ends.

    The operating system holds the lock for this process, so that a crash leaves no lock behind.

    Args:
        course: the course, whose checkout is locked.
        command: the command as the user typed it, for the message to others who have to wait.
        warn: called with a message when the file system knows no locks; the block still runs.
        name: name of the lock; commands wait only for commands with a lock of the same name.
        patience: seconds to wait for another command.

    Raises:
        CheckoutInUse: another command still holds the lock after `patience` seconds.
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
    """Return what the message to others says about this process."""
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
    except (KeyError, OSError):  # the account has no name
        return str(os.getuid())


def _in_use(course: Course, holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        return (
            f"{course.root} is in use: {who['user']} runs `{who['command']}` there since "
            f"{who['since']} (process {who['process']} on {who['host']}). Wait until it ends, or "
            "stop it, and run the command again"
        )
    except (OSError, ValueError, KeyError, TypeError):  # the other command has only just begun
        return f"{course.root} is in use by another command: wait until it ends, and run this again"
