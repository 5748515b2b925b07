"""Writes the student edition of an assignment, as a folder and as a zip.

The student edition holds this assignment's notebook without solutions, the public tests and
manifest entries up to this assignment, the library without the bodies of its exercises, data
scripts, requirements and the rooms of the kit that students need. It holds nothing of later
assignments, and no hidden test.
"""

from __future__ import annotations

import ast
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import nbformat

from autograder.authoring.calls import imported_names
from autograder.authoring.notebook import build_notebook, notebook_text
from autograder.course import Assignment, Course
from autograder.course.declarations import is_hidden
from autograder.course.editions import write_edition
from autograder.releasing.manifest import manifest_for
from autograder.releasing.student_form import generate_assignment
from autograder.student.manifest import FILE
from autograder.student.workspace import REVEALED, SETUP, digest, manifest_text, write_zip

KIT = Path(__file__).parent.parent
CARRIED = ("testing", "answers", "student")
"""Rooms of the kit that students get."""

README = """\
# {title}

1. Install Python 3.11, 3.12 or 3.13, and in this folder:

       python -m venv .venv
       .venv/bin/python -m pip install -r requirements.txt
           (on Windows: .venv\\Scripts\\python -m pip install -r requirements.txt)

2. {data}Start `jupyter lab` from that environment in this folder, and open `{notebook}`.
3. Write each answer in its cell, run it, and run the check below it. The check holds the public
   part of the tests and lists what else will be graded. Later assignments use your answers to
   earlier ones, from the notebooks in this folder; a cell that lacks one says so.
4. Before you hand in, run all public checks from a clean kernel and pack your work:

       python -m autograder.student submit {number}

   It says what it checked and where the zip is that you hand in. Where your course wants your id in
   the file's name, add `--student ID`.

The next assignment's zip is unpacked over this folder; it holds no notebook that you already have.
Should a corrected version of an assignment come, bring it in with

    python -m autograder.student update NEW.zip

which overwrites nothing that you changed. Version {version}.
"""
DATA = """\
Data sets come onto disk with `python -m {data}` (it lists them; a notebook says which it uses).
   """


def release(
    course: Course,
    prefix: str,
    *,
    reveal: Iterable[str] = (),
    out: Path | None = None,
    replace: bool = False,
) -> Path:
    """Write the student edition of an assignment.

    Args:
        course: the course.
        prefix: prefix of the assignment's name.
        reveal: prefixes of earlier assignments whose reference the library then holds.
        out: folder to write to; default `releases/` in the course's folder.
        replace: whether to overwrite a release of the same version whose content differs.

    Returns:
        The zip. The folder of the same name beside it holds the same files.

    Raises:
        ValueError: the notebook is stale; an assignment to reveal is not an earlier one; or the
            version was released before with other content.
    """
    assignment = course.assignment(prefix)
    revealed = [course.assignment(name) for name in reveal]
    for other in revealed:
        if other.name >= assignment.name:
            raise ValueError(
                f"--reveal {other.name} would give away answers that are still asked for: only "
                f"assignments before {assignment.name} can be revealed"
            )
    _require_fresh(course, assignment)
    notebook = generate_assignment(course, assignment)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "release"
        _write_files(course, assignment, notebook, revealed, folder)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    files[FILE] = _manifest(course, assignment, files, revealed).encode()
    return _publish(course, assignment, files, out or course.root / "releases", replace)


def _write_files(
    course: Course,
    assignment: Assignment,
    notebook: nbformat.NotebookNode,
    revealed: Sequence[Assignment],
    folder: Path,
) -> None:
    """Write everything but the manifest."""
    shown = {exercise.id for other in revealed for exercise in course.exercises_of(other)}
    stubs = {exercise.id for exercise in course.exercises()} - shown
    write_edition(course, folder, stubs=stubs)
    _write(folder / assignment.ipynb.name, nbformat.writes(notebook) + "\n")
    for test in _public_tests(course, assignment):
        _write(folder / test.relative_to(course.root), test.read_text(encoding="utf-8"))
    _copy_python(course.data, folder / course.data_name)
    for room in CARRIED:
        _copy_python(KIT / room, folder / "autograder" / room)
    _write(folder / "autograder" / "__init__.py", (KIT / "__init__.py").read_text("utf-8"))
    requirements = (course.root / "requirements.txt").read_text(encoding="utf-8")
    _write(folder / "requirements.txt", requirements)
    has_data_command = (course.data / "__main__.py").is_file()
    readme = README.format(
        data=DATA.format(data=course.data_name) if has_data_command else "",
        title=f"{course.title}: {assignment.name}",
        notebook=assignment.ipynb.name,
        number=assignment.number,
        version=course.version,
    )
    _write(folder / "README.md", readme)


def _public_tests(course: Course, assignment: Assignment) -> list[Path]:
    """Return the public tests up to an assignment, and the probes and helpers that they use.

    Raises:
        ValueError: a public test imports a module for hidden tests alone.
    """
    exercises = [*course.earlier(assignment), *course.exercises_of(assignment)]
    waiting = [exercise.public_tests for exercise in exercises]
    waiting.append(course.tests / "__init__.py")
    found: dict[Path, None] = {}
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        if is_hidden(path):
            raise ValueError(
                f"a public test imports {path.relative_to(course.root).as_posix()}, which students "
                "do not get: move what public tests need to a shared module of another name"
            )
        found[path] = None
        tree = ast.parse(path.read_text(encoding="utf-8"))
        waiting += _imports_within(course.tests, path, tree)
        waiting += _probes_named_in(tree, course.tests / "probes")
    return sorted(found)


def _imports_within(package: Path, path: Path, tree: ast.AST) -> Iterator[Path]:
    """Give the files of a package that a file of the package imports."""
    folder = ".".join((package.name, *path.parent.relative_to(package).parts))
    for dotted in imported_names(tree, folder).values():
        parts = dotted.split(".")
        if parts[0] == package.name:
            for end in range(1, len(parts) + 1):
                target = package.joinpath(*parts[1:end])
                yield from (target.with_suffix(".py"), target / "__init__.py")


def _probes_named_in(tree: ast.AST, probes: Path) -> Iterator[Path]:
    """Return the probes that a test names, as in `submission.probe("data_loader_pass")`."""
    names = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return (path for path in sorted(probes.glob("*.py")) if path.stem in names)


def _copy_python(source: Path, target: Path) -> None:
    """Copy a package, with the files that its modules read."""
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        left_out = any(part.startswith((".", "__pycache__")) for part in inside.parts)
        if path.is_file() and not left_out:
            destination = target / inside
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(path.read_bytes())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _manifest(
    course: Course,
    assignment: Assignment,
    files: dict[str, bytes],
    revealed: Sequence[Assignment],
) -> str:
    """Return the text of the manifest: the exercises, and the hash of every file."""
    hashes = {name: digest(content) for name, content in files.items()}
    manifest = manifest_for(course, assignment, version=course.version, files=hashes).to_json()
    manifest[REVEALED] = sorted(other.name for other in revealed)
    manifest[SETUP] = {
        other.name: _setup(build_notebook(course, other))
        for other in course.assignments()
        if other.name <= assignment.name
    }
    return manifest_text(manifest)


def _setup(notebook: nbformat.NotebookNode) -> str:
    return next(cell.source for cell in notebook.cells if cell["id"] == SETUP)


def _require_fresh(course: Course, assignment: Assignment) -> None:
    text = notebook_text(build_notebook(course, assignment))
    path = assignment.ipynb
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        name = path.relative_to(course.root).as_posix()
        raise ValueError(f"{name} is missing or stale: run `course notebooks` first")


def _publish(
    course: Course, assignment: Assignment, files: dict[str, bytes], out: Path, replace: bool
) -> Path:
    """Write folder and zip; refuse a version that was released with other content."""
    name = f"{course.course_id}-{assignment.name}-{course.version}"
    archive, folder = out / f"{name}.zip", out / name
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        top = f"{course.course_id}-{course.version}"
        fresh = write_zip(
            Path(scratch) / archive.name,
            {f"{top}/{path}": content for path, content in files.items()},
        )
        if archive.is_file() and archive.read_bytes() != fresh.read_bytes() and not replace:
            raise ValueError(
                f"{archive} exists with other content, and students may have it. Raise `version` "
                "in pyproject.toml for a corrected release; or, if nobody has it, delete it first"
            )
        fresh.replace(archive)
    if folder.exists():
        shutil.rmtree(folder)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return archive
