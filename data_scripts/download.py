"""Fetch a published archive: resumed when cut off, checked against its SHA-256, with progress."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pooch
import requests
from tqdm.auto import tqdm

from data_scripts.preparation import PreparationError, require_space

_CHUNK = 1 << 13  # bytes; what has come of a chunk when the connection is cut is lost
_TIMEOUT = 30  # seconds to connect, and between two reads


class DownloadError(PreparationError):
    """A file could not be fetched, or is not the one that was published."""


@dataclass(frozen=True)
class Archive:
    """A file to fetch: where from, what it must be, and how large it is in bytes."""

    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name, the last part of its address."""
        return self.url.rpartition("/")[2]


def fetch(archive: Archive, folder: Path, *, progress: bool = False) -> Path:
    """Return the path of the archive in ``folder``, downloading it unless it is there and whole.

    What arrives is kept in ``<name>.part`` until complete, so that an interrupted download goes on
    where it stopped, now or in a later call. Raises ``DownloadError`` saying what to do.
    """
    whole = folder / archive.name
    if not whole.exists():
        require_space(folder, archive.size)
    part = folder / f"{archive.name}.part"
    resumed = part.exists()
    try:
        return _retrieve(archive, folder, part, progress)
    except _WrongChecksumError as error:
        if not resumed:
            raise DownloadError(str(error)) from error
    # The beginning that was kept may be of an older file: once more from the start.
    try:
        return _retrieve(archive, folder, part, progress)
    except _WrongChecksumError as error:
        raise DownloadError(str(error)) from error


def verified(archive: Archive, folder: Path) -> Path:
    """Return the path of the archive in ``folder``, where the user has put it (``--from``)."""
    path = folder / archive.name
    if not path.is_file():
        raise DownloadError(f"{path} is missing: get it from {archive.url} and put it there")
    found = pooch.file_hash(str(path), alg="sha256")
    if found != archive.sha256:
        raise DownloadError(
            f"{path} is corrupt or another version: its SHA-256 is {found}, "
            f"expected {archive.sha256}; get it again from {archive.url}"
        )
    return path


class _WrongChecksumError(Exception):
    """What was downloaded is complete, and is not what was expected."""


def _retrieve(archive: Archive, folder: Path, part: Path, progress: bool) -> Path:
    downloader = ResumingDownloader(part, progress=progress)
    try:
        path = pooch.retrieve(
            archive.url,
            f"sha256:{archive.sha256}",
            fname=archive.name,
            path=folder,
            downloader=downloader,
        )
    except ValueError as error:  # pooch has removed the file already
        raise _WrongChecksumError(
            f"{archive.url} gave a file whose SHA-256 is not {archive.sha256}; it was removed. "
            f"Run this again; if that does not help, the publisher has changed the file: put the "
            f"right one into a folder and name it with --from"
        ) from error
    return Path(path)


class ResumingDownloader:
    """A downloader for pooch that keeps what has arrived and asks for the rest by HTTP Range."""

    def __init__(self, part: Path, *, attempts: int = 4, progress: bool = False) -> None:
        self._part = part
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
            ) as error:
                cut = str(error)
        kept = self._part.stat().st_size if self._part.exists() else 0
        raise DownloadError(
            f"{url} could not be downloaded in {self._attempts} attempts ({cut}). "
            f"{kept} bytes are kept: run this again to go on from there, "
            f"or get the file by other means and name its folder with --from"
        )

    def _continue(self, url: str) -> bool:
        """Append what the server sends to the part; say whether the part is now complete."""
        start = self._part.stat().st_size if self._part.exists() else 0
        # "identity": a length and a range count the file's bytes, not those of a compressed copy.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                # Nothing lies beyond what we have: it is complete, or too long for any good.
                return True
            if not response.ok:
                raise DownloadError(
                    f"{url} answered {response.status_code} {response.reason}: the address may "
                    f"have moved; get the file by other means and name its folder with --from"
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
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                received += len(chunk)
                bar.update(len(chunk))
        return total is None or received == total
