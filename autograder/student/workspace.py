"""A student's workspace: the folder that a release unpacks to, and how a newer one comes in.

The zip of the next assignment is simply unpacked over the workspace: it holds that assignment's
notebook and no other. A corrected release of an assignment has a version of its own, hence a folder
of its own; `python -m autograder.student update ZIP` brings it into the workspace in use, and
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
MAX_BYTES = 512 << 20  # of an unpacked release


@dataclass
class Update:
    """What an update did, as workspace-relative paths.

    Attributes:
        version: of the release that came in.
        written: files that are new or were replaced.
        beside: where the release's copy of a file went that the student has changed.
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

    A notebook that the student changed stays, and the release's goes beside it under a name with
    the version. Any other file is replaced; a changed one is kept under another name first.

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
    """The files of a release's zip, by their path below its top folder.

    Raises:
        ValueError: it is no release, or not one that is safe to unpack.
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

    The files' time is made from their content. A constant one would let Python run the bytecode of
    an older file of the same length after a newer release is unpacked over it.
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
    """sha256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def released_setup(manifest: Path, assignment: str) -> str | None:
    """Source of an assignment's set-up cell as it was released; None where it is not known."""
    data = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    source = data.get(SETUP, {}).get(assignment)
    return source if isinstance(source, str) else None


def _beside(path: Path, mark: str, content: bytes) -> Path:
    """Write a copy next to a file, under a name that is free or holds the same already."""
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
    """The release's manifest, and what an older one knows of later assignments."""
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
    """A manifest as its file holds it."""
    return json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
