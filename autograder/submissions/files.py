"""Reads files that students handed in: regular files only, and only up to a limit."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Caps:
    """Limits on the size of submissions.

    Attributes:
        notebook: most bytes of a notebook; nearly all are outputs, which are not kept.
        archive: most bytes of a zip.
        members: most entries of a zip, or of the folder of one student.
        files: most files of one submission in `submitted/`.
        submission: most bytes of one submission in `submitted/`.
        depth: most folders nested in one another.
    """

    notebook: int = 128 << 20
    archive: int = 256 << 20
    members: int = 5_000
    files: int = 200
    submission: int = 160 << 20
    depth: int = 6


CAPS = Caps()


class NotAcceptable(ValueError):
    """A file that is not taken from a student; the message names the file and says why."""


def read_regular(path: Path, limit: int) -> bytes:
    """Return the content of a file, which must be a regular file with a single name.

    Raises:
        NotAcceptable: the file is a link, a pipe, a device or a folder, or larger than `limit`
            bytes.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if problem := problem_of(os.lstat(path), limit):
        raise NotAcceptable(f"{path} is {problem}")
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        if problem := problem_of(os.fstat(descriptor), limit):
            raise NotAcceptable(f"{path} is {problem}")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise NotAcceptable(f"{path} is larger than {limit:,} bytes")
    return content


def problem_of(status: os.stat_result, limit: int) -> str:
    """Return why a file is not taken; "" when it is a regular file and small enough.

    Args:
        status: status of the file, as `os.lstat` gives it.
        limit: most bytes that the file may have.
    """
    kinds = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFBLK: "a device",
        stat.S_IFCHR: "a device",
    }
    if not stat.S_ISREG(status.st_mode):
        return kinds.get(stat.S_IFMT(status.st_mode), "not a regular file")
    if status.st_nlink > 1:
        return "a hard link to another file"
    if status.st_size > limit:
        return f"larger than {limit:,} bytes"
    return ""


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted by name."""
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)
