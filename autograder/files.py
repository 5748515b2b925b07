"""Writes files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file that only its owner can read, whole or not at all.

    A reader sees either the whole new content or the old file.

    Args:
        path: path of the file; its folder is made when it is missing.
        content: content of the file.
        durable: whether to wait until the file and its name are on the disk, so that it survives
            even if the machine then stops.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.replace(draft, path)
        if durable:
            _keep_names(path.parent)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _keep_names(folder: Path) -> None:
    """Write the names of a folder's files to the disk; otherwise a new file may be lost."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
