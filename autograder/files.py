"""Writes files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file, readable by its owner only: others see all of it, or what was there before.

    Args:
        path: the file; its folder is made when it is missing.
        content: what it shall hold.
        durable: whether the file is on the disk, with its name, when this returns, whatever then
            happens to the machine.
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
    """Have the names of a folder's files on the disk; without that, a new one may be lost."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
