"""Takes submissions in, and refuses to work on a folder of submissions that holds anything else.

nbgrader copies what lies in `submitted/` with the instructor's rights, following links, before any
hook runs. So nothing may lie there but regular files within limits. `collect` brings in one
notebook a student, and the artifacts that its exercises ask for; whatever else a submission holds,
copies of the library or of the tests included, is not used in grading and stays outside.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from nbgrader.utils import parse_utc

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.course import Assignment, Course
from autograder.gradebook.database import gradebook_file, open_gradebook
from autograder.gradebook.roster import require_student_id
from autograder.gradebook.untrusted import (
    MAX_NOTEBOOK,
    NotAcceptable,
    parse_submission,
    problem_of,
    read_regular,
)
from autograder.judge.redaction import legible

TIMESTAMP = "timestamp.txt"
MAX_ARCHIVE = 256 << 20  # bytes, packed
MAX_MEMBERS = 5_000  # entries of one archive, or of one student's folder
MAX_FILES = 200  # of one submission in submitted/
MAX_SUBMISSION = 160 << 20  # bytes of one submission in submitted/
MAX_DEPTH = 6
UNPACKING_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
    RuntimeError, NotImplementedError, EOFError, OSError,
)  # fmt: skip

_COPY = re.compile(r"(?:[ _-]?\(\d+\)|-checkpoint|[ _-]copy\d*)$", re.IGNORECASE)


@dataclass(frozen=True)
class Taken:
    """A submission that was taken in.

    Attributes:
        student: id of the student.
        found: where it was, within the source.
        change: "new", "replaced" or "unchanged".
        problems: what is wrong with it; it is graded all the same.
    """

    student: str
    found: str
    change: str
    problems: tuple[str, ...] = ()


@dataclass
class Intake:
    """What `collect` did.

    Attributes:
        assignment: name of the assignment.
        taken: submissions now in `submitted/`.
        refused: what was left outside, and why.
    """

    assignment: str
    taken: list[Taken] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.assignment}: {len(self.taken)} submissions taken in"]
        for taken in self.taken:
            lines.append(f"  {taken.student}: {taken.change}, from {taken.found}")
            lines += [f"    {problem}" for problem in taken.problems]
        if self.refused:
            lines.append("Not taken in:")
            lines += [f"  {name}: {reason}" for name, reason in self.refused]
        return "\n".join(legible(line.replace("\n", " "), 500) for line in lines)


@dataclass(frozen=True)
class _Wanted:
    """What is looked for: an assignment's notebook by name, and the files to come with it."""

    name: str
    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """A notebook in the source that is some student's submission, and what came with it."""

    student: str
    found: str
    content: bytes
    when: datetime
    artifacts: dict[str, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def with_artifacts(self, places: Mapping[str, str], read: Callable[[str], bytes]) -> _Found:
        """Also what lies at some places; what cannot be taken is a problem, and no more than that.

        Args:
            places: of artifacts, by name; those found before count before these.
            read: gives the content at a place.
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


@dataclass(frozen=True)
class _SetDown:
    """A submission on disk, beside its place: its notebook, its artifacts and when it was made.

    A class is never held in memory: a notebook may have a hundred megabytes.
    """

    student: str
    found: str
    folder: Path
    when: datetime
    problems: tuple[str, ...]


def collect(course: Course, source: Path, assignment: Assignment) -> Intake:
    """Take the submissions of an assignment into `submitted/STUDENT/ASSIGNMENT/`.

    Args:
        source: a folder or a zip with, for each student, one of: a folder named by the student's
            id that holds the notebook, a notebook `ID_ASSIGNMENT.ipynb`, or a zip as `course
            submit` makes it, named by the id with or without the assignment.
        assignment: what was handed in.

    Returns:
        What was taken in and what was not. Of several submissions of a student the newest counts.

    Raises:
        ValueError: the source is neither a folder nor a readable zip, or there is no room for what
            is in it.
    """
    report = Intake(assignment.name)
    wanted = _Wanted(assignment.name, course.artifacts_of(assignment))
    submitted = course.root / "submitted"
    _require_folder(submitted)
    newest: dict[str, _SetDown] = {}
    with ExitStack() as stack:
        with _saying_whose("anybody", submitted, report):
            beside = stack.enter_context(_beside(submitted))
        for number, each in enumerate(_search(source, wanted, report)):
            with _saying_whose(each.student, submitted, report):
                _keep_newest(newest, each, beside / str(number), wanted, report)
        known = _known_students(course)
        for student, found in sorted(newest.items()):
            if reason := _worse_than_present(course, wanted, found):
                report.refused.append((found.found, reason))
                continue
            with _saying_whose(student, submitted, report):
                report.taken.append(_take_in(course, wanted, found, known))
    return report


@contextmanager
def _beside(submitted: Path) -> Iterator[Path]:
    """A folder in which submissions wait: hidden, and on the disk where they will be."""
    submitted.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=submitted, prefix=".taking-in-") as folder:
        yield Path(folder)


@contextmanager
def _saying_whose(student: str, submitted: Path, report: Intake) -> Iterator[None]:
    """Say whose work had no room, and what is in already."""
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"the work of {student} could not be put into {submitted} ({error.strerror}). "
            f"{len(report.taken)} submissions are there, whole, and nothing was lost: make room, "
            "or see who may write there, and collect again"
        ) from error


def _keep_newest(
    newest: dict[str, _SetDown], found: _Found, folder: Path, wanted: _Wanted, report: Intake
) -> None:
    """Set a submission down, unless the student handed in a newer one."""
    other = newest.get(found.student)
    if other is not None:
        is_newer = found.when >= other.when
        older = other.found if is_newer else found.found
        report.refused.append((older, f"{found.student} handed in a newer one"))
        if not is_newer:
            return
        shutil.rmtree(other.folder)
    newest[found.student] = _set_down(found, folder, wanted)


def check_submitted(course: Course) -> None:
    """Refuse anything in `submitted/` but regular files within limits.

    Raises:
        ValueError: there is something else; the message names it and the remedy.
    """
    top = course.root / "submitted"
    if not os.path.lexists(top):
        return
    _require_folder(top)
    for student in _entries(top):
        if student.is_dir(follow_symlinks=False):
            _require_id(Path(student.path))
            for submission in _entries(Path(student.path)):
                _check_submission(Path(submission.path))
        elif problem := problem_of(student.stat(follow_symlinks=False), MAX_NOTEBOOK):
            raise _refusal(Path(student.path), problem)


# submitted/ ---------------------------------------------------------------------------------------


def _require_id(folder: Path) -> None:
    """Refuse a student's folder that `collect` would not have made; hidden ones are nobody's."""
    if folder.name.startswith("."):
        return
    try:
        require_student_id(folder.name)
    except ValueError as error:
        raise _refusal(folder, f"no student's folder ({error})") from None


def _check_submission(folder: Path) -> None:
    files = size = 0
    waiting = [(folder, 0)]
    while waiting:
        path, depth = waiting.pop()
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            if depth > MAX_DEPTH:
                raise _refusal(path, f"more than {MAX_DEPTH} folders deep")
            waiting += [(Path(entry.path), depth + 1) for entry in _entries(path)]
        elif problem := problem_of(status, MAX_NOTEBOOK):
            raise _refusal(path, problem)
        else:
            files, size = files + 1, size + status.st_size
        if files > MAX_FILES or size > MAX_SUBMISSION:
            limits = f"more than {MAX_FILES} files or {MAX_SUBMISSION:,} bytes"
            raise _refusal(folder, limits)
    timestamp = folder / TIMESTAMP
    if timestamp.is_file():
        try:
            parse_utc(timestamp.read_text(encoding="utf-8").strip() or "2000-01-01")
        except (ValueError, OverflowError, TypeError):
            raise _refusal(timestamp, "not a date") from None


def _folder_problem(path: Path) -> str:
    mode = os.lstat(path).st_mode
    return "" if stat.S_ISDIR(mode) else "not a folder but a link or a file"


def _refusal(path: Path, problem: str) -> ValueError:
    one_line = legible(path).replace("\n", " ")
    return ValueError(
        f"{one_line} is {problem}. Nothing is graded while it is there: remove it, and take "
        "submissions in with `course collect`, which leaves such things outside"
    )


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _known_students(course: Course) -> set[str] | None:
    """Ids in the gradebook; None when there is no roster yet."""
    if not gradebook_file(course).exists():
        return None
    with open_gradebook(course) as gradebook:
        return {student.id for student in gradebook.students} or None


def _worse_than_present(course: Course, wanted: _Wanted, found: _SetDown) -> str:
    """Why a submission shall not replace what is there; "" when it may."""
    folder = course.root / "submitted" / found.student / wanted.name
    notebook, timestamp = folder / f"{wanted.name}.ipynb", folder / TIMESTAMP
    if any(path.is_symlink() or not path.is_file() for path in (notebook, timestamp)):
        return ""
    brought = [path.name for path in found.folder.iterdir() if path.name in wanted.artifacts]
    if _content(folder, wanted, brought) == _content(found.folder, wanted, brought):
        return ""
    when = parse_utc(timestamp.read_text(encoding="utf-8").strip()).replace(tzinfo=UTC)
    remedy = f"delete submitted/{found.student}/{wanted.name} to take it in all the same"
    if found.when < when:
        return f"older than the one of {when:%Y-%m-%d %H:%M} UTC that is there; {remedy}"
    fresh, present = (
        parse_submission(read_regular(each / notebook.name, MAX_NOTEBOOK))
        for each in (found.folder, folder)
    )
    if not fresh.is_whole and present.is_whole:
        return f"cannot be read, and the one that is there can; {remedy}"
    return ""


def _content(folder: Path, wanted: _Wanted, artifacts: Iterable[str]) -> dict[str, bytes]:
    """The notebook in a folder of `submitted/`, and those of some artifacts that lie there."""
    limits = {f"{wanted.name}.ipynb": MAX_NOTEBOOK} | dict.fromkeys(artifacts, MAX_ARTIFACT)
    paths = {name: folder / name for name in limits}
    return {name: read_regular(path, limits[name]) for name, path in paths.items() if path.exists()}


def _set_down(found: _Found, folder: Path, wanted: _Wanted) -> _SetDown:
    """Write a submission as it will lie in `submitted/`."""
    folder.mkdir()
    for name, content in {f"{wanted.name}.ipynb": found.content, **found.artifacts}.items():
        (folder / name).write_bytes(content)
    (folder / TIMESTAMP).write_text(f"{found.when:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
    problems = [*parse_submission(found.content).problems, *found.problems]
    problems += [
        f"no {name} came with it" for name in wanted.artifacts if name not in found.artifacts
    ]
    return _SetDown(found.student, found.found, folder, found.when, tuple(problems))


def _take_in(course: Course, wanted: _Wanted, found: _SetDown, known: set[str] | None) -> Taken:
    """Put a submission in its place: whole or not at all."""
    problems = list(found.problems)
    if known is not None and found.student not in known:
        problems.append("is not in the roster")
    target = course.root / "submitted" / found.student / wanted.name
    for folder in (target.parent, target):
        _require_folder(folder)
    if (target / f"{wanted.name}.ipynb").is_file() and _content(
        target, wanted, wanted.artifacts
    ) == _content(found.folder, wanted, wanted.artifacts):
        return Taken(found.student, found.found, "unchanged", tuple(problems))
    change = "replaced" if target.exists() else "new"
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(_place_for_replaced(course, wanted, found.student))
    found.folder.rename(target)
    return Taken(found.student, found.found, change, tuple(problems))


def _require_folder(path: Path) -> None:
    """Refuse a link or a file in the place of a folder of `submitted/`."""
    if os.path.lexists(path) and (problem := _folder_problem(path)):
        raise _refusal(path, problem)


def _place_for_replaced(course: Course, wanted: _Wanted, student: str) -> Path:
    """Where a submission goes that a newer one replaces: nothing that was handed in is deleted."""
    folder = course.state / "replaced" / student / wanted.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / str(1 + sum(1 for _ in folder.iterdir()))


# the source ---------------------------------------------------------------------------------------


def _search(source: Path, wanted: _Wanted, report: Intake) -> Iterator[_Found]:
    """The submissions in a folder or zip; what is none is reported."""
    if source.is_dir():
        yield from _search_folder(source, wanted, report)
    elif zipfile.is_zipfile(source):
        with source.open("rb") as file:
            yield from _search_archive(_Archive(file, source.name), wanted, report)
    else:
        raise ValueError(f"{source} is neither a folder nor a zip of submissions")


def _search_folder(source: Path, wanted: _Wanted, report: Intake) -> Iterator[_Found]:
    for entry in _entries(source):
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
                problem = problem_of(entry.stat(follow_symlinks=False), MAX_ARCHIVE)
                raise NotAcceptable(f"it is {problem}")
            else:
                student = _student_of(entry.name, wanted)
                yield _found_on_disk(student, path, source, wanted)
        except (ValueError, OSError) as error:
            report.refused.append((entry.name, _reason(error, path)))


def _search_archive(archive: _Archive, wanted: _Wanted, report: Intake) -> Iterator[_Found]:
    """The submissions in a zip: of a class, or of a class within one folder."""
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
            content = archive.read(name, _limit(name))
            found = _found(student, name, content, archive.when(name), wanted)
            places = _artifacts_in(members, wanted)
            yield found.with_artifacts(places, lambda at: archive.read(at, MAX_ARTIFACT))
        except (ValueError, OSError) as error:
            report.refused.append((first, _reason(error, None)))
    report.refused += archive.refused


class _Archive:
    """A zip whose members are read one by one, bounded; nothing is ever unpacked by its name."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise NotAcceptable(f"{name} is a damaged zip ({error})") from error
        if len(self._zip.infolist()) > MAX_MEMBERS:
            raise NotAcceptable(f"{name} holds more than {MAX_MEMBERS:,} files")
        self.refused: list[tuple[str, str]] = []
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if problem := _member_problem(info):
                self.refused.append((ascii(info.filename)[1:-1], problem))
            elif not info.is_dir():
                self._members[info.filename] = info

    def names(self) -> list[str]:
        """Names of the members that are regular files."""
        return list(self._members)

    def when(self, name: str) -> datetime:
        """When a member was last changed, as its archive says."""
        try:
            return datetime(*self._members[name].date_time, tzinfo=UTC)
        except ValueError:
            return datetime(1980, 1, 1, tzinfo=UTC)

    def read(self, name: str, limit: int | None = None) -> bytes:
        """A member's content, bounded (as a notebook) however small its header says it is."""
        limit = MAX_NOTEBOOK if limit is None else limit
        try:
            with self._zip.open(self._members[name]) as member:
                content = member.read(limit + 1)
        except UNPACKING_ERRORS as error:
            raise NotAcceptable(f"{name} cannot be unpacked ({error})") from error
        if len(content) > limit:
            raise NotAcceptable(f"{name} is larger than {limit:,} bytes when unpacked")
        return content


def _member_problem(info: zipfile.ZipInfo) -> str:
    """Why a member of a zip is not taken; "" when it is a regular file with an honest path."""
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


def _files_below(folder: Path, wanted: _Wanted) -> list[str]:
    """Paths of a student's files that may be wanted; linked folders are not followed."""
    found: list[str] = []
    waiting = [(folder, 0)]
    seen = 0
    while waiting:
        current, depth = waiting.pop()
        for entry in _entries(current):
            seen += 1
            if entry.is_dir(follow_symlinks=False) and depth < MAX_DEPTH:
                waiting.append((Path(entry.path), depth + 1))
            elif entry.name.endswith((".ipynb", ".zip")) or entry.name in wanted.artifacts:
                found.append(Path(entry.path).relative_to(folder).as_posix())
        if seen > MAX_MEMBERS:
            raise NotAcceptable(f"it holds more than {MAX_MEMBERS:,} files")
    return found


def _submission_in(paths: list[str], wanted: _Wanted) -> str:
    """The assignment's notebook among a student's files, or the zip that `course submit` made.

    Raises:
        NotAcceptable: neither is there.
    """
    try:
        return _notebook_in(paths, wanted)
    except NotAcceptable:
        packed = [path for path in map(PurePosixPath, paths) if path.suffix == ".zip"]
        named = [path for path in packed if _COPY.sub("", path.stem).endswith(wanted.name)]
        if len(named) != 1:
            raise
        return str(named[0])


def _found(student: str, name: str, content: bytes, when: datetime, wanted: _Wanted) -> _Found:
    """What is in a file that was handed in: a notebook, or the zip of `course submit`."""
    if not name.endswith(".zip"):
        return _Found(student, name, content, when)
    archive = _Archive(io.BytesIO(content), PurePosixPath(name).name)
    notebook = archive.read(_notebook_in(archive.names(), wanted))
    return _Found(student, name, notebook, when).with_artifacts(
        _artifacts_in(archive.names(), wanted), lambda at: archive.read(at, MAX_ARTIFACT)
    )


def _artifacts_in(paths: Iterable[str], wanted: _Wanted) -> dict[str, str]:
    """Where the artifacts lie among a submission's files: each name at its shallowest place."""
    found: dict[str, str] = {}
    for path in sorted(map(PurePosixPath, paths), key=lambda path: (len(path.parts), str(path))):
        if path.name in wanted.artifacts:
            found.setdefault(path.name, str(path))
    return found


def _limit(name: str) -> int:
    return MAX_ARCHIVE if name.endswith(".zip") else MAX_NOTEBOOK


def _notebook_in(paths: list[str], wanted: _Wanted) -> str:
    """The assignment's notebook among a submission's files.

    It is the one with the assignment's name, at the shallowest place; else the only one whose name
    is that of a copy, such as `02_distances (1).ipynb`.
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


def _student_of(file_name: str, wanted: _Wanted) -> str:
    """Whose submission a file is, by its name.

    Raises:
        ValueError: the name does not say.
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


def _found_on_disk(student: str, path: Path, source: Path, wanted: _Wanted) -> _Found:
    content = read_regular(path, _limit(path.name))
    return _found(student, path.relative_to(source).as_posix(), content, _modified(path), wanted)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.lstat().st_mtime), UTC)


def _reason(error: Exception, path: Path | None) -> str:
    """The error in words, without the path of this machine."""
    reason = str(error)
    return reason if path is None else reason.replace(str(path), "it")
