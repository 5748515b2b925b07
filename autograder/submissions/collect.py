"""Takes submissions into `submitted/`, whole or not at all, and reports what was left outside.

`collect` takes in one notebook for each student, and the artifacts that the notebook's exercises
ask for. Anything else in a submission is left outside and not used in grading. This includes copies
of the library and of the tests.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.answers.artifacts import MAX_ARTIFACT
from autograder.course import Assignment, Course
from autograder.judge.redaction import legible
from autograder.submissions.files import CAPS, Caps, read_regular
from autograder.submissions.layouts import FoundSubmission, Wanted, search
from autograder.submissions.reading import parse_submission
from autograder.submissions.submitted import TIMESTAMP, require_folder


@dataclass(frozen=True)
class TakenIn:
    """A submission that was taken in.

    Attributes:
        student: id of the student.
        found: path of the submission within the source.
        change: "new", "replaced" or "unchanged".
        problems: what is wrong with the submission; it is graded all the same.
    """

    student: str
    found: str
    change: str
    problems: tuple[str, ...] = ()


@dataclass
class Collected:
    """The result of `collect`.

    Attributes:
        assignment: name of the assignment.
        taken: submissions that are now in `submitted/`.
        refused: name of each file or folder that was left outside, and why.
    """

    assignment: str
    taken: list[TakenIn] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, name: str, reason: str) -> None:
        """Note that a file or folder is left outside, and why."""
        self.refused.append((name, reason))

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
class _SetDown:
    """A submission that was written to disk and waits to be moved to its place.

    The submissions of a class are never all held in memory, since a notebook may have a hundred
    megabytes.

    Attributes:
        student: id of the student.
        found: path of the submission within the source.
        folder: folder that holds the notebook, the artifacts and the timestamp.
        when: when the submission was made.
        problems: what is wrong with the submission.
    """

    student: str
    found: str
    folder: Path
    when: datetime
    problems: tuple[str, ...]


def collect(
    course: Course,
    source: Path,
    assignment: Assignment,
    *,
    known: Collection[str] | None = None,
    caps: Caps = CAPS,
) -> Collected:
    """Take the submissions of an assignment into `submitted/STUDENT/ASSIGNMENT/`.

    Args:
        course: the course.
        source: a folder or a zip. For each student it holds a folder named by the student's id
            with the notebook in it, a notebook `ID_ASSIGNMENT.ipynb`, or a zip made by `course
            submit` and named by the id, with or without the assignment.
        assignment: the assignment that was handed in.
        known: ids of the students of the roster; None when there is no roster yet.
        caps: limits on what is read.

    Returns:
        What was taken in and what was not. When a student handed in several submissions, the
        newest counts.

    Raises:
        ValueError: the source is neither a folder nor a readable zip, or a submission could not
            be written to `submitted/`.
    """
    report = Collected(assignment.name)
    wanted = Wanted(assignment.name, course.artifacts_of(assignment), caps)
    submitted = course.root / "submitted"
    require_folder(submitted)
    newest: dict[str, _SetDown] = {}
    with ExitStack() as stack:
        with _saying_whose("anybody", submitted, report):
            beside = stack.enter_context(_beside(submitted))
        for number, each in enumerate(search(source, wanted, report.refuse)):
            with _saying_whose(each.student, submitted, report):
                _keep_newest(newest, each, beside / str(number), wanted, report)
        for student, found in sorted(newest.items()):
            if reason := _worse_than_present(course, wanted, found):
                report.refuse(found.found, reason)
                continue
            with _saying_whose(student, submitted, report):
                report.taken.append(_take_in(course, wanted, found, known))
    return report


@contextmanager
def _beside(submitted: Path) -> Iterator[Path]:
    """Make a hidden folder in `submitted/` for submissions that wait to be moved to their places.

    The folder is on the same disk as those places, so that a move is a rename.
    """
    submitted.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=submitted, prefix=".taking-in-") as folder:
        yield Path(folder)


@contextmanager
def _saying_whose(student: str, submitted: Path, report: Collected) -> Iterator[None]:
    """Turn an error of the disk into one that names the student and counts what is taken in."""
    try:
        yield
    except OSError as error:
        raise ValueError(
            f"the work of {student} could not be put into {submitted} ({error.strerror}). "
            f"{len(report.taken)} submissions are there, whole, and nothing was lost: make room, "
            "or see who may write there, and collect again"
        ) from error


def _keep_newest(
    newest: dict[str, _SetDown],
    found: FoundSubmission,
    folder: Path,
    wanted: Wanted,
    report: Collected,
) -> None:
    """Write a submission to a folder where it waits, unless the student handed in a newer one."""
    other = newest.get(found.student)
    if other is not None:
        is_newer = found.when >= other.when
        older = other.found if is_newer else found.found
        report.refuse(older, f"{found.student} handed in a newer one")
        if not is_newer:
            return
        shutil.rmtree(other.folder)
    newest[found.student] = _set_down(found, folder, wanted)


def _worse_than_present(course: Course, wanted: Wanted, found: _SetDown) -> str:
    """Return why a submission may not replace the one in `submitted/`; "" when it may."""
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
        parse_submission(read_regular(each / notebook.name, wanted.caps.notebook))
        for each in (found.folder, folder)
    )
    if not fresh.is_whole and present.is_whole:
        return f"cannot be read, and the one that is there can; {remedy}"
    return ""


def _content(folder: Path, wanted: Wanted, artifacts: Iterable[str]) -> dict[str, bytes]:
    """Return the content of the notebook in a folder, and of the named artifacts that exist."""
    limits = {f"{wanted.name}.ipynb": wanted.caps.notebook} | dict.fromkeys(artifacts, MAX_ARTIFACT)
    paths = {name: folder / name for name in limits}
    return {name: read_regular(path, limits[name]) for name, path in paths.items() if path.exists()}


def _set_down(found: FoundSubmission, folder: Path, wanted: Wanted) -> _SetDown:
    """Write a submission to a folder, in the form that it will have in `submitted/`."""
    folder.mkdir()
    for name, content in {f"{wanted.name}.ipynb": found.content, **found.artifacts}.items():
        (folder / name).write_bytes(content)
    (folder / TIMESTAMP).write_text(f"{found.when:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
    problems = [*parse_submission(found.content).problems, *found.problems]
    problems += [
        f"no {name} came with it" for name in wanted.artifacts if name not in found.artifacts
    ]
    return _SetDown(found.student, found.found, folder, found.when, tuple(problems))


def _take_in(
    course: Course, wanted: Wanted, found: _SetDown, known: Collection[str] | None
) -> TakenIn:
    """Move a submission to its place in `submitted/`, whole or not at all."""
    problems = list(found.problems)
    if known is not None and found.student not in known:
        problems.append("is not in the roster")
    target = course.root / "submitted" / found.student / wanted.name
    for folder in (target.parent, target):
        require_folder(folder)
    if (target / f"{wanted.name}.ipynb").is_file() and _content(
        target, wanted, wanted.artifacts
    ) == _content(found.folder, wanted, wanted.artifacts):
        return TakenIn(found.student, found.found, "unchanged", tuple(problems))
    change = "replaced" if target.exists() else "new"
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(_place_for_replaced(course, wanted, found.student))
    found.folder.rename(target)
    return TakenIn(found.student, found.found, change, tuple(problems))


def _place_for_replaced(course: Course, wanted: Wanted, student: str) -> Path:
    """Return where to move a submission that is replaced: no submission is ever deleted."""
    folder = course.state / "replaced" / student / wanted.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / str(1 + sum(1 for _ in folder.iterdir()))
