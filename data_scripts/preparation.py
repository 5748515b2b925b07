"""A data set comes onto disk whole or not at all.

It is built in a temporary folder beside its place and renamed into it at the end, with a small
``dataset.json``, the *stamp*, that says what was asked for and what came out. A finished set with
the same parameters is not built again; a half-finished one is never used, but redone.
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
UNPACKED = "unpacked"  # where a script may put what it sorts; removed at the end
_SUFFIXES = frozenset({".jpg", ".png"})


class PreparationError(RuntimeError):
    """A data set could not be prepared; the message says why and what to do."""


def is_prepared(folder: Path, identity: Mapping[str, Any]) -> bool:
    """Whether ``folder`` holds the finished data set of this identity, no picture lost or cut."""
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
    """Yield an empty folder to build in; on leaving without an error, stamp it and put it in place.

    ``identity`` (data set, version, parameters) must be plain JSON data. ``contents`` names all
    that the data set has at its top level: an older set at ``folder`` is replaced, but a folder
    with anything else in it is somebody's own and is refused with ``PreparationError``, untouched.
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
    """Raise ``PreparationError`` unless the disk of ``folder`` has ``wanted`` bytes and 5% free."""
    existing = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < 1.05 * wanted:
        raise PreparationError(
            f"{folder} needs {_megabytes(wanted)} and its disk has {_megabytes(free)} free: "
            f"make room, or choose another folder with --to"
        )


def is_full(error: OSError) -> bool:
    """Whether a write failed since the disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def disk_full(folder: Path) -> PreparationError:
    """What to say when it is."""
    return PreparationError(
        f"the disk of {folder} is full: make room and run this again, "
        f"or choose another folder with --to"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _inventory(folder: Path) -> dict[str, int]:
    """Number and total bytes of the pictures under ``folder``."""
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
    """A name beside ``place`` that says which process made it."""
    return place.with_name(f".{place.name}.{what}-{os.getpid()}")


def _remove_leftovers(place: Path) -> None:
    """Remove what dead processes left behind, and our own earlier attempt."""
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
