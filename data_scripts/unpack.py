"""Archives: the wanted files are unpacked, and nothing else comes onto the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from tqdm.auto import tqdm

from data_scripts.preparation import PreparationError

_LARGEST = 64 << 20  # bytes; no published picture or list comes near it
_BLOCK = 1 << 20

Place = Callable[[PurePosixPath], PurePosixPath | None]
"""A function from a file's path in the archive to its path in the folder; None leaves it out."""


def unpack(archive: Path, folder: Path, place: Place, *, progress: bool = False) -> None:
    """Unpack the files of a zip or tar archive that ``place`` gives a path below ``folder``.

    Args:
        archive: the archive.
        folder: where to put the files.
        place: maps a file's path in the archive to its path below ``folder``; None leaves it out.
        progress: count the files while they are unpacked.

    Raises:
        PreparationError: the archive is damaged, or holds a link, a special file, a file of more
            than 64 MB, a path that leads outside, or two files for the same path; the message names
            it.
    """
    try:
        with tqdm(desc=archive.name, unit=" files", disable=not progress) as bar:
            for name, size, content in _members(archive):
                bar.update()
                target = place(_plain(name, archive))
                if target is None:
                    continue
                if size > _LARGEST:
                    raise PreparationError(
                        f"{archive} holds {name!r} of {size} bytes: it is not as published"
                    )
                _write(folder / target, content, archive)
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        NotImplementedError,  # a zip that is encrypted or compressed in an unknown way
    ) as error:
        raise PreparationError(
            f"{archive} is corrupt ({str(error).splitlines()[0]}): remove it and get it again"
        ) from error


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Yield name, size and content of each regular file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                if member.is_dir():
                    continue
                kind = member.external_attr >> 28  # of file, in Unix's mode; 0o10 is a plain one
                if kind not in (0, 0o10):
                    raise PreparationError(_not_plain(archive, member.filename))
                with packed.open(member) as content:
                    yield member.filename, member.file_size, content
        return
    with tarfile.open(archive, "r:*") as packed:
        for entry in packed:
            if entry.isdir():
                continue
            file = packed.extractfile(entry) if entry.isreg() else None
            if file is None:
                raise PreparationError(_not_plain(archive, entry.name))
            yield entry.name, entry.size, file


def _plain(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or any(c in name for c in "\\:\0"):
        raise PreparationError(f"{archive} holds {name!r}, a name that leads outside: get it again")
    return path


def _not_plain(archive: Path, name: str) -> str:
    return f"{archive} holds {name!r}, which is a link or special file: it is not as published"


def _write(target: Path, content: IO[bytes], archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(target, "xb") as file:
            while block := content.read(_BLOCK):
                file.write(block)
    except FileExistsError as error:
        raise PreparationError(
            f"{archive} holds two files for {target.name}: it is not as published"
        ) from error
