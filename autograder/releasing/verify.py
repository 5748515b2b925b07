"""Proves that a release gives nothing away, and that it works.

What a release may hold is worked out anew from the course; nothing in the release is believed.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.authoring.source import Kind, read_source
from autograder.course import Assignment, Course, CourseExercise
from autograder.course.declarations import is_hidden
from autograder.course.solutions import ReferenceObject, reference_object
from autograder.releasing.leaks import Leak, Secrets, pieces_of
from autograder.releasing.release import CARRIED, KIT
from autograder.student.manifest import FILE
from autograder.student.workspace import REVEALED, SETUP, digest, read_release

TRIAL_SECONDS = 300
CELL_METADATA = {"nbgrader", "deletable", "editable"}
NOTEBOOK_METADATA = {"kernelspec", "language_info"}
UNTRIED: dict[str, Any] = {"problems": [], "stubs": [], "references": []}
NOT_CARRIED = ("__pycache__", ".ipynb_checkpoints")
PERSONAL_PATH = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\+Users\\+)[\w.-]+|/root/[\w.-]+")


@dataclass(frozen=True)
class Problem:
    """A reason to keep a release back.

    Attributes:
        file: path in the release; "" for the release as a whole.
        kind: "leak", "path", "metadata", "output", "file", "stub" or "reference".
        detail: what is wrong, in words.
    """

    file: str
    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.file + ': ' if self.file else ''}{self.detail}"


@dataclass(frozen=True)
class VerifiedRelease:
    """A release that was verified, with the problems that were found.

    Attributes:
        release: name of the zip or folder.
        problems: reasons to keep the release back.
        files: number of files that were read.
        pieces: number of pieces of solutions and hidden tests that were looked for.
        stubs: ids of the exercises whose stub imports and is not done yet.
        references: ids of the exercises whose reference passes the public tests.
        revealed: assignments whose solutions the release gives away on purpose.
    """

    release: str
    problems: tuple[Problem, ...]
    files: int
    pieces: int
    stubs: tuple[str, ...]
    references: tuple[str, ...]
    revealed: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether the release may go out."""
        return not self.problems

    @property
    def summary(self) -> str:
        """The result in one line."""
        if self.problems:
            return f"{len(self.problems)} problems"
        return (
            f"clean: {self.pieces} pieces of solutions and hidden tests in none of {self.files} "
            f"files, {len(self.stubs)} stubs not done yet, {len(self.references)} references pass"
        )

    def __str__(self) -> str:
        lines = [f"{self.release}: {self.summary}"]
        if self.revealed:
            lines.append(f"  revealed on purpose: {', '.join(self.revealed)}")
        return "\n".join([*lines, *(f"  {problem}" for problem in self.problems)])


def verify_release(course: Course, release: Path, *, try_out: bool = True) -> VerifiedRelease:
    """Verify a release.

    Args:
        course: the course.
        release: the zip of the release, or its folder.
        try_out: whether to run the stubs, and the references in their place; takes seconds.

    Raises:
        ValueError: the file or folder is no release of the course.
    """
    files = read_release(release) if release.is_file() else _read_folder(release)
    manifest = _read_manifest(course, release, files)
    assignment = course.assignment(manifest["assignment"])
    revealed = sorted(manifest.get(REVEALED, ()))
    asked = [e for e in course.exercises() if e.assignment.name not in revealed]
    secrets = secrets_of(course, asked)
    given = _given_files(course, assignment)
    hashes = _secret_hashes(course)
    problems = [
        *_problems_of_archive(release),
        *_problems_of_contents(assignment, revealed, manifest, files, given),
        *(
            Problem(name, kind, detail)
            for name, content in sorted(files.items())
            for kind, detail in _problems_in(course, secrets, hashes, name, content, given)
        ),
    ]
    trial = _try_out(course, assignment, asked, files) if try_out else UNTRIED
    problems += [Problem("", kind, detail) for kind, detail in trial["problems"]]
    return VerifiedRelease(
        release.name,
        tuple(problems),
        len(files),
        len(secrets),
        tuple(trial["stubs"]),
        tuple(trial["references"]),
        tuple(revealed),
    )


def secrets_of(course: Course, exercises: Sequence[CourseExercise]) -> Secrets:
    """Return what students must not see: solutions, hidden tests and texts for graders.

    A piece of a solution that also stands in the given part of the library is no secret. A piece of
    a hidden test that also stands in a public test is no secret.

    Args:
        course: the course.
        exercises: the exercises whose solutions are secret.
    """
    secrets = Secrets()
    references = {exercise.id: reference_object(course, exercise.object) for exercise in exercises}
    given = set(_given_pieces(course, exercises, references))
    for id, reference in references.items():
        for solution in reference.solutions():
            secrets.add_code(solution, f"the solution of {id}", given=given)
    public, hidden = _test_files(course)
    for path in public:
        given |= set(pieces_of(ast.parse(path.read_text(encoding="utf-8"))))
    for path in hidden:
        origin = path.relative_to(course.tests).as_posix()
        secrets.add_code(path.read_text(encoding="utf-8"), origin, given=given)
    for assignment in course.assignments():
        for cell in read_source(assignment.source):
            if cell.kind in (Kind.MODEL_ANSWER, Kind.RUBRIC):
                word = cell.kind.name.lower().replace("_", " ")
                secrets.add_prose(cell.text, f"the {word} of question {cell.id}")
    return secrets


def _test_files(course: Course) -> tuple[list[Path], list[Path]]:
    """Return the test files that some release carries, and those that none does."""
    modules = [path for a in course.assignments() for path in course.test_modules(a)]
    files = [*modules, *course.test_helpers()]
    return [f for f in files if not is_hidden(f)], [f for f in files if is_hidden(f)]


def _given_pieces(
    course: Course, exercises: Sequence[CourseExercise], references: Mapping[str, ReferenceObject]
) -> Iterator[str]:
    """Give the pieces of the library outside the solutions of some exercises."""
    for path in sorted(course.library.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        here = [references[e.id] for e in exercises if course.module_file(e.module) == path]
        for reference in sorted(here, key=lambda r: -r.first_line):
            given = reference.given("...").splitlines()
            lines[reference.first_line : reference.end_line] = given
        yield from pieces_of(ast.parse("\n".join(lines)))


# what is in it ------------------------------------------------------------------------------------


def _read_folder(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ValueError(f"{folder} is neither a zip nor a folder")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _read_manifest(course: Course, release: Path, files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        manifest = json.loads(files[FILE])
        if manifest["course"] != course.title:
            raise ValueError(f"it is of the course {manifest['course']}")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{release} is no release of {course.title}: {error}") from error
    return manifest


def _given_files(course: Course, assignment: Assignment) -> dict[str, bytes | None]:
    """Return the paths that a release may hold, with the content of files taken over unchanged."""
    given: dict[str, bytes | None] = {
        FILE: None,
        "README.md": None,
        assignment.ipynb.name: None,
        "requirements.txt": (course.root / "requirements.txt").read_bytes(),
        "autograder/__init__.py": (KIT / "__init__.py").read_bytes(),
    }
    asked = [*course.earlier(assignment), *course.exercises_of(assignment)]
    for path in (*(exercise.public_tests for exercise in asked), *course.test_helpers()):
        if not is_hidden(path):
            given[path.relative_to(course.root).as_posix()] = path.read_bytes()
    for folder, top in (
        *((KIT / room, PurePosixPath("autograder") / room) for room in CARRIED),
        (course.library, PurePosixPath(course.library_name)),
        (course.data, PurePosixPath(course.data_name)),
    ):
        for path in folder.rglob("*"):
            inside = path.relative_to(folder)
            if path.is_file() and inside.parts[0] not in NOT_CARRIED:
                is_edition = folder == course.library and path.suffix == ".py"
                given[str(top / inside.as_posix())] = None if is_edition else path.read_bytes()
    return given


def _problems_of_archive(release: Path) -> Iterator[Problem]:
    """Give what a zip holds beside its files, such as comments."""
    if release.is_file():
        with zipfile.ZipFile(release) as opened:
            if opened.comment:
                yield Problem("", "metadata", "the zip has a comment")
            for info in opened.infolist():
                if info.comment or info.extra or info.is_dir():
                    yield Problem(info.filename, "metadata", "the zip says more than its content")


def _problems_of_contents(
    assignment: Assignment,
    revealed: Sequence[str],
    manifest: Mapping[str, Any],
    files: Mapping[str, bytes],
    given: Mapping[str, bytes | None],
) -> Iterator[Problem]:
    for name in revealed:
        if name >= assignment.name:
            yield Problem(FILE, "leak", f"reveals {name}, which is still asked for")
    hashes = {name: digest(content) for name, content in files.items() if name != FILE}
    if hashes != manifest.get("files"):
        yield Problem(FILE, "file", "does not list the files that are here")
    if assignment.ipynb.name not in files:
        yield Problem(assignment.ipynb.name, "file", "is missing")
    for name, content in files.items():
        if name not in given:
            yield Problem(name, "file", "does not belong in this release")
        elif given[name] is not None and _lines(content) != _lines(given[name] or b""):
            yield Problem(name, "file", "is not the course's: make the release again")
    entries = [*manifest.get("exercises", ()), *({"assignment": n} for n in manifest[SETUP])]
    for entry in entries:
        if entry["assignment"] > assignment.name:
            yield Problem(FILE, "leak", f"tells of {entry['assignment']}, a later assignment")


def _lines(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _problems_in(
    course: Course,
    secrets: Secrets,
    hashes: Set[str],
    name: str,
    content: bytes,
    given: Mapping[str, bytes | None],
) -> Iterator[tuple[str, str]]:
    """Give kind and detail of each problem in a file's content."""
    if digest(content) in hashes:
        yield "leak", "is a file that students do not get"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if given.get(name) != content:
            yield "file", "is binary and not a file of the course"
        return
    found: set[Leak] = set()
    if name.endswith(".ipynb"):
        notebook = json.loads(text)
        yield from _problems_of_notebook(notebook)
        for cell in notebook["cells"]:
            found |= secrets.in_python("".join(cell["source"]))
        found |= secrets.in_json(notebook)
    elif name.endswith(".json"):
        found = secrets.in_json(json.loads(text))
    elif name.endswith(".py"):
        found = secrets.in_python(text)
    else:
        found = secrets.in_text(text)
    by_origin: dict[str, list[str]] = {}
    for finding in sorted(found, key=lambda f: (f.origin, f.piece)):
        by_origin.setdefault(finding.origin, []).append(finding.piece)
    for origin, pieces in by_origin.items():
        more = f" and {len(pieces) - 1} more" if len(pieces) > 1 else ""
        yield "leak", f"holds {len(pieces)} pieces of {origin}: {pieces[0]}{more}"
    for path in sorted({str(course.root), sys.prefix} | set(PERSONAL_PATH.findall(text))):
        if path in text:
            yield "path", f"names a place on the author's machine: {path}"


def _problems_of_notebook(notebook: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if extra := set(notebook["metadata"]) - NOTEBOOK_METADATA:
        yield "metadata", f"the notebook has metadata {', '.join(sorted(extra))}"
    for cell in notebook["cells"]:
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield "output", f"cell {cell['id']} has outputs"
        if extra := set(cell["metadata"]) - CELL_METADATA:
            yield "metadata", f"cell {cell['id']} has metadata {', '.join(sorted(extra))}"
        if cell["cell_type"] == "code" and "../" in "".join(cell["source"]):
            yield "path", f"cell {cell['id']} leaves the workspace, at whose top the notebook is"
        if cell.get("attachments"):
            yield "metadata", f"cell {cell['id']} has attachments"


def _secret_hashes(course: Course) -> set[str]:
    """Return hashes of files that no release holds: hidden tests, variants, source notebooks."""
    exercises = course.exercises()
    public = {exercise.public_tests for exercise in exercises}
    paths = [
        *(path for e in exercises for path in e.folder.rglob("*") if path not in public),
        *_test_files(course)[1],
        *(a.source for a in course.assignments()),
        *(a.ipynb for a in course.assignments()),
    ]
    texts = [wrong.source for exercise in exercises for wrong in exercise.wrong_answers()]
    return {
        *(digest(path.read_bytes()) for path in paths if path.is_file() and path.stat().st_size),
        *(digest(text.encode()) for text in texts),
    }


# whether it works ---------------------------------------------------------------------------------


def _try_out(
    course: Course,
    assignment: Assignment,
    asked: Sequence[CourseExercise],
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    """Run stubs and references in the unpacked release, with what it carries and nothing else."""
    known = [e for e in course.exercises() if e.assignment.name <= assignment.name]
    request = {
        "assignment": assignment.name,
        "stubs": [exercise.id for exercise in asked],
        "objects": {exercise.id: exercise.object for exercise in asked},
        "references": {e.id: reference_object(course, e.object).source for e in known},
        "artifacts": _reference_artifacts(known),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        command = [sys.executable, "-I", "-X", "utf8", str(Path(__file__).with_name("trial.py"))]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                input=json.dumps(request),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=TRIAL_SECONDS,
                check=False,
            )
            return json.loads(done.stdout.strip().splitlines()[-1])
        except subprocess.TimeoutExpired:
            reason = f"not finished after {TRIAL_SECONDS} s"
        except (ValueError, IndexError):
            reason = (done.stderr.strip().splitlines() or ["no reply"])[-1]
    return {
        "problems": [["stub", f"the release does not run: {reason}"]],
        "stubs": [],
        "references": [],
    }


def _reference_artifacts(exercises: Iterable[CourseExercise]) -> dict[str, str]:
    """Return the files that the references hand in, in base64, by path in the workspace."""
    kept = ((exercise.artifact, exercise.read_reference_artifact()) for exercise in exercises)
    return {path: b64encode(content).decode() for path, content in kept if content is not None}
