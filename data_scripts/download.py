"""Download a published archive: resume after an interruption, verify the checksum, show progress.

Some publishers state no checksum. Then the first download is trusted, and its SHA-256 is kept in
``<name>.sha256`` beside it (in the form of ``sha256sum``): every later download must match it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pooch
import requests
import urllib3
from tqdm.auto import tqdm

from data_scripts.preparation import PreparationError, disk_full, is_full, require_space

_CHUNK = 1 << 13  # bytes; what has come of a chunk when the connection is cut is lost
_TIMEOUT = 30  # seconds to connect, and between two reads


class DownloadError(PreparationError):
    """A file that could not be downloaded, or that is not what was published."""


@dataclass(frozen=True)
class Archive:
    """A file to download.

    Attributes:
        url: the file's address.
        checksum: ``"sha256:…"`` or ``"md5:…"``; None where no publisher states it.
        size: bytes, about; used to check that the disk has room.
        saved_as: the file's name on disk; None for the last part of the address.
    """

    url: str
    checksum: str | None
    size: int
    saved_as: str | None = None

    @property
    def name(self) -> str:
        """The file's name on disk."""
        return self.saved_as or self.url.rpartition("/")[2]


def fetch(
    archive: Archive, folder: Path, *, progress: bool = False, timeout: float = _TIMEOUT
) -> Path:
    """Return the path of an archive in ``folder``, downloading the archive unless it is complete.

    What arrives is kept in ``<name>.part`` until the archive is complete. So an interrupted
    download goes on where it stopped, in this call or in a later call.

    Args:
        archive: what to download.
        folder: where to put it.
        progress: show a progress bar.
        timeout: seconds to wait for a connection, and between two reads.

    Raises:
        DownloadError: the download failed, or gave another file; the message says what to do.
        PreparationError: the disk is full.
    """
    whole = folder / archive.name
    if not whole.exists():
        require_space(folder, archive.size)
    lock = folder / f"{archive.name}.sha256"
    archive = replace(archive, checksum=archive.checksum or _locked(lock))
    part = folder / f"{archive.name}.part"
    resumed = part.exists()
    downloader = ResumingDownloader(part, progress=progress, timeout=timeout)
    try:
        return _retrieve(archive, folder, lock, downloader)
    except _WrongChecksumError as error:
        if not resumed:
            raise DownloadError(str(error)) from error
    # The beginning that was kept may be of an older file: once more from the start.
    try:
        return _retrieve(archive, folder, lock, downloader)
    except _WrongChecksumError as error:
        raise DownloadError(str(error)) from error


def verified(archive: Archive, source: Path) -> Path:
    """Return the path of the archive that the user brings (``--from``), itself or in a folder."""
    path = source / archive.name if source.is_dir() else source
    if not path.is_file():
        raise DownloadError(f"{path} is missing: get it from {archive.url} and put it there")
    if archive.checksum is None:
        return path
    algorithm, _, expected = archive.checksum.partition(":")
    found = pooch.file_hash(str(path), alg=algorithm)
    if found != expected:
        raise DownloadError(
            f"{path} is corrupt or another version: its {algorithm} is {found}, "
            f"expected {expected}; get it again from {archive.url}"
        )
    return path


def _locked(lock: Path) -> str | None:
    """Return the checksum of the first download; None before it."""
    if not lock.exists():
        return None
    found, _, _ = lock.read_text(encoding="utf-8").partition(" ")
    if re.fullmatch("[0-9a-f]{64}", found) is None:
        raise DownloadError(f"{lock} is damaged: remove it to take the next download as the first")
    return f"sha256:{found}"


class _WrongChecksumError(Exception):
    """A complete download with the wrong checksum."""


def _retrieve(archive: Archive, folder: Path, lock: Path, downloader: ResumingDownloader) -> Path:
    try:
        path = pooch.retrieve(
            archive.url,
            archive.checksum,
            fname=archive.name,
            path=folder,
            downloader=downloader,
        )
    except ValueError as error:  # pooch has removed the file already
        raise _WrongChecksumError(
            f"{archive.url} gave a file that is not {archive.checksum}; it was removed. Run this "
            f"again; if that does not help, the publisher has changed the file: name the right one "
            f"with --from" + (f", or remove {lock} to take the new one" if lock.exists() else "")
        ) from error
    if archive.checksum is None:
        digest = pooch.file_hash(path, alg="sha256")
        lock.write_text(f"{digest}  {archive.name}\n", encoding="utf-8")
    return Path(path)


class ResumingDownloader:
    """A downloader for pooch that keeps what has arrived, and asks for the rest by HTTP Range."""

    def __init__(
        self,
        part: Path,
        *,
        attempts: int = 4,
        progress: bool = False,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._part = part
        self._timeout = timeout
        self._attempts = attempts
        self._progress = progress

    def __call__(self, url: str, output_file: str | os.PathLike[str], pooch: Any) -> None:
        """Download ``url`` to ``output_file``, in several attempts if the connection is cut."""
        cut = ""
        for _ in range(self._attempts):
            try:
                if self._continue(url):
                    self._part.replace(output_file)
                    return
                cut = "the connection was closed early"
            except (
                requests.exceptions.ChunkedEncodingError,
                requests.exceptions.ConnectionError,
                requests.exceptions.Timeout,
                urllib3.exceptions.HTTPError,
            ) as error:
                cut = str(error)
            except OSError as error:
                if is_full(error):
                    raise disk_full(self._part.parent) from error
                raise
        kept = self._part.stat().st_size if self._part.exists() else 0
        raise DownloadError(
            f"{url} could not be downloaded in {self._attempts} attempts ({cut}). "
            f"{kept} bytes are kept: run this again to go on from there, "
            f"or get the file by other means and name it with --from"
        )

    def _continue(self, url: str) -> bool:
        """Append what the server sends to the part; say whether the part is now complete."""
        start = self._part.stat().st_size if self._part.exists() else 0
        # "identity": a length and a range count the file's bytes, not those of a compressed copy.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with requests.get(url, headers=headers, stream=True, timeout=self._timeout) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                # Nothing lies beyond what we have: it is complete, or too long for any good.
                return True
            if not response.ok:
                raise DownloadError(
                    f"{url} answered {response.status_code} {response.reason}: the address may "
                    f"have moved; get the file by other means and name it with --from"
                )
            if response.status_code != requests.codes.partial_content:
                start = 0  # the server knows no ranges, and begins anew
            length = response.headers.get("Content-Length")
            total = start + int(length) if length is not None else None
            return self._append(response, start, total)

    def _append(self, response: requests.Response, start: int, total: int | None) -> bool:
        received = start
        with (
            open(self._part, "ab" if start else "wb") as file,
            tqdm(
                total=total,
                initial=start,
                desc=self._part.stem,
                unit="B",
                unit_scale=True,
                disable=not self._progress,
            ) as bar,
        ):
            # As sent: some servers call an archive's own compression the transfer's.
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
        return total is None or received == total
