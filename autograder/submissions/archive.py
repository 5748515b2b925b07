"""Reads zips that students hand in.

Members are read one by one, each up to a limit. No member is ever unpacked to a path that the zip
names.
"""

from __future__ import annotations

import lzma
import re
import stat
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO

from autograder.submissions.files import Caps, NotAcceptable

UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
    RuntimeError, NotImplementedError, EOFError, OSError,
)  # fmt: skip


class Archive:
    """A zip whose members are read one by one, each up to a limit.

    Attributes:
        refused: name of each member that is not taken, and why.
    """

    def __init__(self, file: IO[bytes], name: str, caps: Caps) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise NotAcceptable(f"{name} is a damaged zip ({error})") from error
        if len(self._zip.infolist()) > caps.members:
            raise NotAcceptable(f"{name} holds more than {caps.members:,} files")
        self.refused: list[tuple[str, str]] = []
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if problem := _member_problem(info):
                self.refused.append((ascii(info.filename)[1:-1], problem))
            elif not info.is_dir():
                self._members[info.filename] = info

    def names(self) -> list[str]:
        """Return the names of the members that are regular files."""
        return list(self._members)

    def when(self, name: str) -> datetime:
        """Return when a member was last changed, according to the archive."""
        try:
            return datetime(*self._members[name].date_time, tzinfo=UTC)
        except ValueError:
            return datetime(1980, 1, 1, tzinfo=UTC)

    def read(self, name: str, limit: int) -> bytes:
        """Return the content of a member.

        The size that the member's header states is not relied on.

        Raises:
            NotAcceptable: the member cannot be unpacked, or is larger than `limit` bytes.
        """
        try:
            with self._zip.open(self._members[name]) as member:
                content = member.read(limit + 1)
        except UNPACKING_ERRORS as error:
            raise NotAcceptable(f"{name} cannot be unpacked ({error})") from error
        if len(content) > limit:
            raise NotAcceptable(f"{name} is larger than {limit:,} bytes when unpacked")
        return content


def _member_problem(info: zipfile.ZipInfo) -> str:
    """Return why a member of a zip is not taken; "" for a regular file whose path stays inside."""
    path = PurePosixPath(info.filename)
    if "\\" in info.filename or path.is_absolute() or ".." in path.parts or not path.parts:
        return "its path leads outside the archive"
    if re.match(r"[A-Za-z]:", info.filename) or any(ord(c) < 32 for c in info.filename):
        return "its path is none that every system can have"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or another special file"
    if info.flag_bits & 1:
        return "it is encrypted"
    return ""
