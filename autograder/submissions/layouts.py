"""Finds the submissions of a class in a folder or a zip, whatever its layout."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.submissions.archive import Archive
from autograder.submissions.files import (
    CAPS,
    Caps,
    NotAcceptable,
    entries,
    problem_of,
    read_regular,
)
from autograder.submissions.roster import require_student_id

_COPY = re.compile(r"(?:[ _-]?\(\d+\)|-checkpoint|[ _-]copy\d*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """The files that a submission is made of.

    Attributes:
        name: name of the assignment, and of its notebook without the suffix.
        artifacts: names of the files that the assignment's exercises ask for.
        caps: limits on what is read.
    """

    name: str
    artifacts: tuple[str, ...]
    caps: Caps = CAPS


@dataclass(frozen=True)
class FoundSubmission:
    """A submission in the source: a notebook and the artifacts that came with it.

    Attributes:
        student: id of the student.
        found: path of the submission within the source.
        content: content of the notebook.
        when: when the submission was made.
        artifacts: content of the artifacts, by name.
        problems: why artifacts were left out.
    """

    student: str
    found: str
    content: bytes
    when: datetime
    artifacts: dict[str, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def with_artifacts(
        self, places: Mapping[str, str], read: Callable[[str], bytes]
    ) -> FoundSubmission:
        """Return this submission with more artifacts.

        An artifact that cannot be read is noted as a problem and left out; the submission stays.

        Args:
            places: where each artifact lies, by its name. An artifact that the submission already
                has is kept.
            read: returns the content at a place.
        """
        artifacts, problems = {}, []
        for name, place in places.items():
            try:
                artifacts[name] = read(place)
            except NotAcceptable as error:
                problems.append(f"{name} is left out: {error}")
        return replace(
            self,
            artifacts=artifacts | self.artifacts,
            problems=(*self.problems, *problems),
        )


Refuse = Callable[[str, str], None]
"""A function that is called with the name of a file or folder that is no submission, and why."""


def search(source: Path, wanted: Wanted, refuse: Refuse) -> Iterator[FoundSubmission]:
    """Give the submissions in a folder or zip.

    Args:
        source: the folder or zip.
        wanted: the files that a submission is made of.
        refuse: called for each file or folder that is no submission.

    Raises:
        ValueError: the source is neither a folder nor a zip.
    """
    if source.is_dir():
        yield from _search_folder(source, wanted, refuse)
    elif zipfile.is_zipfile(source):
        with source.open("rb") as file:
            yield from _search_archive(Archive(file, source.name, wanted.caps), wanted, refuse)
    else:
        raise ValueError(f"{source} is neither a folder nor a zip of submissions")


def _search_folder(source: Path, wanted: Wanted, refuse: Refuse) -> Iterator[FoundSubmission]:
    for entry in entries(source):
        path = Path(entry.path)
        try:
            if entry.name.startswith((".", "__")):
                continue
            if entry.is_dir(follow_symlinks=False):
                student = require_student_id(entry.name)
                files = _files_below(path, wanted)
                submission = path / _submission_in(files, wanted)
                found = _found_on_disk(student, submission, source, wanted)
                places = _artifacts_in((str(path / file) for file in files), wanted)
                yield found.with_artifacts(places, lambda at: read_regular(Path(at), MAX_ARTIFACT))
            elif not entry.is_file(follow_symlinks=False):
                problem = problem_of(entry.stat(follow_symlinks=False), wanted.caps.archive)
                raise NotAcceptable(f"it is {problem}")
            else:
                student = _student_of(entry.name, wanted)
                yield _found_on_disk(student, path, source, wanted)
        except (ValueError, OSError) as error:
            refuse(entry.name, _reason(error, path))


def _search_archive(archive: Archive, wanted: Wanted, refuse: Refuse) -> Iterator[FoundSubmission]:
    """Give the submissions in a zip, which may have one folder around all of them."""
    names = archive.names()
    tops = {PurePosixPath(name).parts[0] for name in names}
    inside = PurePosixPath()
    if len(tops) == 1 and all(len(PurePosixPath(name).parts) > 2 for name in names):
        inside = PurePosixPath(tops.pop())
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(PurePosixPath(name).relative_to(inside).parts[0], []).append(name)
    for first, members in sorted(groups.items()):
        try:
            if first.startswith((".", "__")):
                continue
            folder = inside / first
            if members == [str(folder)]:
                student, name = _student_of(first, wanted), members[0]
            else:
                student = require_student_id(first)
                below = [PurePosixPath(name).relative_to(folder).as_posix() for name in members]
                name = str(folder / _submission_in(below, wanted))
            content = archive.read(name, _limit(name, wanted))
            found = _found(student, name, content, archive.when(name), wanted)
            places = _artifacts_in(members, wanted)
            yield found.with_artifacts(places, lambda at: archive.read(at, MAX_ARTIFACT))
        except (ValueError, OSError) as error:
            refuse(first, _reason(error, None))
    for name, problem in archive.refused:
        refuse(name, problem)


def _files_below(folder: Path, wanted: Wanted) -> list[str]:
    """Return paths of the notebooks, zips and artifacts in a student's folder.

    Links to folders are not followed.
    """
    found: list[str] = []
    waiting = [(folder, 0)]
    seen = 0
    while waiting:
        current, depth = waiting.pop()
        for entry in entries(current):
            seen += 1
            if entry.is_dir(follow_symlinks=False) and depth < wanted.caps.depth:
                waiting.append((Path(entry.path), depth + 1))
            elif entry.name.endswith((".ipynb", ".zip")) or entry.name in wanted.artifacts:
                found.append(Path(entry.path).relative_to(folder).as_posix())
        if seen > wanted.caps.members:
            raise NotAcceptable(f"it holds more than {wanted.caps.members:,} files")
    return found


def _submission_in(paths: list[str], wanted: Wanted) -> str:
    """Return the path of the assignment's notebook, or else of the zip made by `course submit`.

    Args:
        paths: paths of the student's files.
        wanted: the files that a submission is made of.

    Raises:
        NotAcceptable: the student's files include neither.
    """
    try:
        return _notebook_in(paths, wanted)
    except NotAcceptable:
        packed = [path for path in map(PurePosixPath, paths) if path.suffix == ".zip"]
        named = [path for path in packed if _COPY.sub("", path.stem).endswith(wanted.name)]
        if len(named) != 1:
            raise
        return str(named[0])


def _found(
    student: str, name: str, content: bytes, when: datetime, wanted: Wanted
) -> FoundSubmission:
    """Return the submission in a file, which is a notebook or the zip made by `course submit`."""
    if not name.endswith(".zip"):
        return FoundSubmission(student, name, content, when)
    archive = Archive(io.BytesIO(content), PurePosixPath(name).name, wanted.caps)
    notebook = archive.read(_notebook_in(archive.names(), wanted), wanted.caps.notebook)
    return FoundSubmission(student, name, notebook, when).with_artifacts(
        _artifacts_in(archive.names(), wanted), lambda at: archive.read(at, MAX_ARTIFACT)
    )


def _artifacts_in(paths: Iterable[str], wanted: Wanted) -> dict[str, str]:
    """Return the path of each artifact among a submission's files, by the artifact's name.

    When a name occurs several times, the path with the fewest folders counts.
    """
    found: dict[str, str] = {}
    for path in sorted(map(PurePosixPath, paths), key=lambda path: (len(path.parts), str(path))):
        if path.name in wanted.artifacts:
            found.setdefault(path.name, str(path))
    return found


def _limit(name: str, wanted: Wanted) -> int:
    return wanted.caps.archive if name.endswith(".zip") else wanted.caps.notebook


def _notebook_in(paths: list[str], wanted: Wanted) -> str:
    """Return the path of the assignment's notebook among a submission's files.

    This is the notebook with the assignment's name, in the fewest folders. Where there is no such
    notebook, it is the only notebook with the name of a copy, such as `02_topic (1).ipynb`.

    Raises:
        NotAcceptable: there is no such notebook, or there are several copies.
    """
    notebooks = [
        path
        for path in map(PurePosixPath, paths)
        if path.suffix == ".ipynb" and not any(part.startswith(".") for part in path.parts)
    ]
    exact = [path for path in notebooks if path.stem == wanted.name]
    copies = [path for path in notebooks if _COPY.sub("", path.stem) == wanted.name]
    if exact:
        return str(min(exact, key=lambda path: (len(path.parts), str(path))))
    if len(copies) == 1:
        return str(copies[0])
    others = ", ".join(sorted(str(path) for path in notebooks)[:5]) or "no notebook at all"
    raise NotAcceptable(f"it holds no {wanted.name}.ipynb ({others})")


def _student_of(file_name: str, wanted: Wanted) -> str:
    """Return the id of the student that the name of a submitted file states.

    Raises:
        ValueError: the name states no student.
    """
    stem, suffix = os.path.splitext(file_name)
    stem = _COPY.sub("", stem)
    if suffix not in (".ipynb", ".zip"):
        raise NotAcceptable("it is neither a notebook nor a zip")
    for separator in "_-":
        if stem.endswith(f"{separator}{wanted.name}"):
            return require_student_id(stem.removesuffix(f"{separator}{wanted.name}"))
        if stem.startswith(f"{wanted.name}{separator}"):
            return require_student_id(stem.removeprefix(f"{wanted.name}{separator}"))
    if suffix == ".zip" and stem != wanted.name:
        return require_student_id(stem)
    raise NotAcceptable("its name does not say whose it is")


def _found_on_disk(student: str, path: Path, source: Path, wanted: Wanted) -> FoundSubmission:
    content = read_regular(path, _limit(path.name, wanted))
    return _found(student, path.relative_to(source).as_posix(), content, _modified(path), wanted)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.lstat().st_mtime), UTC)


def _reason(error: Exception, path: Path | None) -> str:
    """Return the error in words, without the path on this machine."""
    reason = str(error)
    return reason if path is None else reason.replace(str(path), "it")
