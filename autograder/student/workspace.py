"""Reads and writes releases, and updates a workspace, the folder that a release unpacks to.

A student simply unpacks the zip of the next assignment over the workspace, since it has only that
assignment's notebook. A corrected release of an assignment has another version, and so unpacks to
another folder. `python -m autograder.student update ZIP` brings it into the workspace in use, and
overwrites nothing that the student changed.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.student.manifest import FILE, read_manifest

SETUP = "setup"
REVEALED = "revealed"
FIRST_MOMENT = datetime(2000, 1, 1)
MOMENTS = 10 * 365 * 24 * 60 * 30  # steps of two seconds, the resolution of a zip
MAX_BYTES = 512 << 20  # most bytes of an unpacked release


@dataclass
class Update:
    """The result of an update; all paths are relative to the workspace.

    Attributes:
        version: version of the release that was brought in.
        written: files that are new or were replaced.
        beside: for each file that the student had changed, the copy beside it: the release's
            notebook, or the student's version of any other file.
    """

    version: str
    written: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"Updated to version {self.version}: {len(self.written)} files."]
        for name, copy in self.beside.items():
            if name.endswith(".ipynb"):
                lines.append(
                    f"  Your {name} is as you left it. The corrected notebook is {copy}: "
                    "copy over the cells that changed, and hand in yours."
                )
            else:
                lines.append(f"  You had changed {name}; your version is now {copy}.")
        return "\n".join(lines)


def update(archive: Path, workspace: Path) -> Update:
    """Bring a release into a workspace in use.

    A notebook that the student changed stays; the release's notebook is written beside it, with the
    version in its name. Any other file is replaced; if the student had changed it, their version is
    first copied to another name.

    Args:
        archive: the zip of the release.
        workspace: folder of the workspace.

    Raises:
        ValueError: the archive is no release of the workspace's course.
    """
    current = read_manifest(workspace / FILE)
    files = read_release(archive)
    fresh = json.loads(files.pop(FILE))
    if fresh["course"] != current.course:
        raise ValueError(f"{archive.name} is a release of {fresh['course']}, not {current.course}")
    done = Update(fresh["version"])
    for name, content in sorted(files.items()):
        path = workspace / name
        before = path.read_bytes() if path.is_file() else None
        if before == content:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if before is not None and digest(before) != current.files.get(name):
            if name.endswith(".ipynb"):
                copy = _beside(path, fresh["version"], content)
                done.beside[name] = copy.relative_to(workspace).as_posix()
                continue
            copy = _beside(path, "yours", before)
            done.beside[name] = copy.relative_to(workspace).as_posix()
        path.write_bytes(content)
        done.written.append(name)
    _write_merged_manifest(workspace / FILE, fresh)
    return done


def read_release(archive: Path) -> dict[str, bytes]:
    """Return the content of the files in a release's zip, by their paths below its top folder.

    Raises:
        ValueError: the zip is no release, or is not safe to unpack.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            paths = [PurePosixPath(info.filename) for info in members]
            if any(path.is_absolute() or ".." in path.parts for path in paths):
                raise ValueError(f"{archive.name} holds a path that leads out of its folder")
            if len(set(paths)) != len(paths):
                raise ValueError(f"{archive.name} holds a file twice")
            if sum(info.file_size for info in members) > MAX_BYTES:
                raise ValueError(f"{archive.name} is larger than any release")
            files = {
                PurePosixPath(*path.parts[1:]).as_posix(): opened.read(info)
                for path, info in zip(paths, members, strict=True)
            }
    except (OSError, zipfile.BadZipFile) as error:
        raise ValueError(f"{archive} cannot be opened: {error}. Download it again.") from error
    if FILE not in files or len({path.parts[0] for path in paths}) != 1:
        raise ValueError(f"{archive.name} is no release: it holds no {FILE} in one folder")
    return files


def write_zip(archive: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip; equal files give equal bytes.

    The time of the files is made from their content. If the time were constant, then after a newer
    release is unpacked over an older one, Python could run the bytecode of an older file of the
    same length.
    """
    content = "".join(f"{name} {digest(content)}\n" for name, content in sorted(files.items()))
    step = int(digest(content.encode())[:12], 16) % MOMENTS
    moment = FIRST_MOMENT + timedelta(seconds=2 * step)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, moment.timetuple()[:6])
            info.create_system = 3  # the same on every platform
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(info, data)
    return archive


def digest(content: bytes) -> str:
    """Return the sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def released_setup(manifest: Path, assignment: str) -> str | None:
    """Return the source of an assignment's released set-up cell; None where it is not known."""
    data = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    source = data.get(SETUP, {}).get(assignment)
    return source if isinstance(source, str) else None


def _beside(path: Path, mark: str, content: bytes) -> Path:
    """Write content next to a file, under a name that is free or has the same content already."""
    number = 1
    while True:
        suffix = f"-{mark}" if number == 1 else f"-{mark}-{number}"
        copy = path.with_name(f"{path.stem}{suffix}{path.suffix}")
        if not copy.exists():
            copy.write_bytes(content)
        if copy.read_bytes() == content:
            return copy
        number += 1


def _write_merged_manifest(path: Path, fresh: dict[str, Any]) -> None:
    """Write the release's manifest, with the later assignments of the workspace's manifest."""
    current = json.loads(path.read_text(encoding="utf-8"))
    known = {exercise["id"] for exercise in fresh["exercises"]}
    later = [
        exercise
        for exercise in current["exercises"]
        if exercise["id"] not in known and exercise["assignment"] > fresh["assignment"]
    ]
    merged = {
        **fresh,
        "assignment": max(fresh["assignment"], current["assignment"]),
        "exercises": [*fresh["exercises"], *later],
        "files": {**current["files"], **fresh["files"]},
        REVEALED: sorted({*fresh.get(REVEALED, ()), *current.get(REVEALED, ())}),
        SETUP: {**current.get(SETUP, {}), **fresh.get(SETUP, {})},
    }
    path.write_text(manifest_text(merged), encoding="utf-8", newline="\n")


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return the text of a manifest's file."""
    return json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
