"""Data sets that come onto disk whole or not at all.

A data set is built in a temporary folder beside its place. At the end the folder is renamed, with a
small ``dataset.json`` in it: the *stamp* says what was asked for and what came out. A finished data
set with the same parameters is not built again. A half-finished data set is never used; it is built
again.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

STAMP = "dataset.json"
PICTURES = "images"
UNPACKED = "unpacked"  # a folder for files that a script still sorts; removed at the end
_SUFFIXES = frozenset({".jpg", ".png"})


class PreparationError(RuntimeError):
    """A data set that could not be prepared; the message says why and what to do."""


def is_prepared(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Say whether ``folder`` holds the finished data set of an identity, with all pictures."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(stamp, dict) or any(stamp.get(k) != v for k, v in identity.items()):
        return False
    return stamp.get("pictures") == _inventory(folder / PICTURES)


@contextmanager
def preparation(
    folder: Path, identity: Mapping[str, Any], contents: Collection[str]
) -> Iterator[Path]:
    """Yield an empty folder to build in; stamp it and put it in place, unless there is an error.

    An older data set at ``folder`` is replaced. A folder with anything else in it belongs to
    somebody: it is refused and not touched.

    Args:
        folder: the data set's place.
        identity: data set, version and parameters, as plain JSON data.
        contents: names of all files and folders at the data set's top level.

    Raises:
        PreparationError: ``folder`` holds something else, or the disk is full.
    """
    place = folder.resolve()
    _refuse_foreign(place, {*contents, STAMP})
    place.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(place)
    draft = _beside(place, "partial")
    draft.mkdir()
    try:
        yield draft
        shutil.rmtree(draft / UNPACKED, ignore_errors=True)
        stamp = {**identity, "pictures": _inventory(draft / PICTURES)}
        (draft / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        _put_in_place(draft, place)
    except OSError as error:
        if is_full(error):
            raise disk_full(folder) from error
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def require_space(folder: Path, wanted: int) -> None:
    """Refuse to go on unless the disk of ``folder`` has ``wanted`` bytes free, and 5% more.

    Raises:
        PreparationError: the disk has too little room.
    """
    existing = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < 1.05 * wanted:
        raise PreparationError(
            f"{folder} needs {_megabytes(wanted)} and its disk has {_megabytes(free)} free: "
            f"make room, or choose another folder with --to"
        )


def is_full(error: OSError) -> bool:
    """Say whether a write failed because the disk, or the user's quota, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(folder: Path) -> PreparationError:
    """Return the error that tells the user of a full disk."""
    return PreparationError(
        f"the disk of {folder} is full: make room and run this again, "
        f"or choose another folder with --to"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _inventory(folder: Path) -> dict[str, int]:
    """Count the pictures under ``folder``, and their bytes."""
    count = size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if os.path.splitext(name)[1].lower() in _SUFFIXES:
                count += 1
                size += os.stat(os.path.join(parent, name)).st_size
    return {"files": count, "bytes": size}


def _refuse_foreign(place: Path, contents: set[str]) -> None:
    if place.is_file():
        raise PreparationError(f"{place} is a file: choose another folder with --to")
    foreign = sorted({path.name for path in place.iterdir()} - contents) if place.exists() else []
    if foreign:
        raise PreparationError(
            f"{place} holds {foreign[0]}, which is not part of this data set: nothing was changed; "
            f"move it away, or choose another folder with --to"
        )


def _beside(place: Path, what: str) -> Path:
    """Return a path beside ``place`` whose name says which process made it."""
    return place.with_name(f".{place.name}.{what}-{os.getpid()}")


def _remove_leftovers(place: Path) -> None:
    """Remove what dead processes, and an earlier attempt of this process, left behind."""
    ours = re.compile(rf"\.{re.escape(place.name)}\.(?:partial|outdated)-(\d+)")
    for path in place.parent.iterdir():
        match = ours.fullmatch(path.name)
        if match and (int(match[1]) == os.getpid() or not psutil.pid_exists(int(match[1]))):
            shutil.rmtree(path, ignore_errors=True)


def _put_in_place(draft: Path, place: Path) -> None:
    if place.exists():
        outdated = _beside(place, "outdated")
        place.rename(outdated)
        draft.rename(place)
        shutil.rmtree(outdated)
    else:
        draft.rename(place)
