"""Writes editions of the library, which lack the bodies of some exercises.

There are student editions and grading editions. In an edition, the function or class of an exercise
without a body keeps its signature and docstring, and is decorated with `@unanswered("id")`. This
decorator looks for the student's own answer at each call.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from autograder.course import Course, CourseExercise
from autograder.course.solutions import ReferenceObject, reference_object, without_markers

IMPORT = "from autograder.student.stubs import unanswered"
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")


def write_edition(course: Course, folder: Path, *, stubs: Iterable[str]) -> Path:
    """Write an edition of the course's library.

    Args:
        course: the course.
        folder: folder that the library's folder is written to; made when missing.
        stubs: ids of the exercises that have no body in the edition.

    Returns:
        `folder`, which then contains the library.

    Raises:
        ValueError: an id is unknown, or the solution of an exercise cannot be found (see
            `autograder.course.solutions`).
    """
    target = folder / course.library_name
    shutil.copytree(course.library, target, ignore=LEFT_OUT)
    by_file: dict[Path, list[CourseExercise]] = defaultdict(list)
    for id in sorted(set(stubs)):
        exercise = course.exercise(id)
        by_file[course.module_file(exercise.module)].append(exercise)
    for source in sorted(course.library.rglob("*.py")):
        copy = target / source.relative_to(course.library)
        if copy.is_file():
            text = _module_with_stubs(course, source, by_file[source])
            copy.write_text(text, encoding="utf-8", newline="\n")
    return folder


def edition(course: Course, *, stubs: Iterable[str]) -> Path:
    """Return the folder of an edition; write the edition only if it does not exist yet.

    Editions are in the course's state folder, which may be deleted at any time. See
    `write_edition`.
    """
    stubs = frozenset(stubs)
    key = _key(course, stubs)
    folder = course.state / "editions" / key
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        written = write_edition(course, Path(scratch) / "edition", stubs=stubs)
        written.chmod(0o755)
        try:
            os.replace(written, folder)
        except OSError:  # another process was faster: its folder has the same content
            if not folder.is_dir():
                raise
    return folder


def _module_with_stubs(course: Course, path: Path, exercises: list[CourseExercise]) -> str:
    """Return the source of a module in which the objects of some exercises are stubs."""
    source = path.read_text(encoding="utf-8")
    if not exercises:
        return without_markers(source)
    lines = source.splitlines()
    objects = [(reference_object(course, e.object), e.id) for e in exercises]
    # From the bottom up, so that the lines above keep their numbers.
    for reference, id in sorted(objects, key=lambda pair: -pair[0].first_line):
        lines[reference.first_line : reference.end_line] = _stub(reference, id).split("\n")
    place = _after_imports(ast.parse(source))
    return without_markers("\n".join([*lines[:place], IMPORT, *lines[place:]]))


def _stub(reference: ReferenceObject, id: str) -> str:
    node = ast.parse(reference.source).body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    decorator = f'@unanswered("{id}")'
    if isinstance(node, ast.ClassDef):
        return f"{decorator}\n{reference.given('...')}"
    first = node.body[0]
    if ast.get_docstring(node) is None:
        header = reference.lines[: first.lineno - 1]
        return "\n".join([decorator, *_without_comments(header), "    ..."])
    return "\n".join([decorator, *reference.lines[: first.end_lineno]])


def _without_comments(header: Iterable[str]) -> Iterator[str]:
    """Return the lines of a signature without the comments below it, which are the solution's."""
    return (line for line in header if line.strip() and not line.lstrip().startswith("#"))


def _after_imports(tree: ast.Module) -> int:
    """Return the line after a module's docstring and the imports at its top."""
    place = 0
    for position, node in enumerate(tree.body):
        is_docstring = position == 0 and ast.get_docstring(tree) is not None
        if not is_docstring and not isinstance(node, ast.Import | ast.ImportFrom):
            break
        place = node.end_lineno or place
    return place


def _key(course: Course, stubs: frozenset[str]) -> str:
    """Return a hash of all that an edition is made from: the library, the stubs, this code."""
    digest = hashlib.sha256()
    kit = [Path(__file__), Path(__file__).with_name("solutions.py")]
    library = sorted(path for path in course.library.rglob("*") if path.is_file())
    for path in (*kit, *library):
        if "__pycache__" not in path.parts:
            digest.update(path.name.encode() + file_hash(path))
            digest.update(str(path.parent.relative_to(path.anchor)).encode())
    objects = [f"{id}={course.exercise(id).object}" for id in sorted(stubs)]
    digest.update("\0".join([str(course.root), *objects]).encode())
    return digest.hexdigest()[:20]


def file_hash(path: Path) -> bytes:
    """Return the sha256 of a file; read the file again only if its time or size has changed."""
    stat = path.stat()
    return _hash(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4096)
def _hash(path: Path, mtime: int, size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
