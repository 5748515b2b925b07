"""What the tests of exercises import, and that they are checked at all.

import-linter and mypy know packages. A folder whose name starts with a digit is none, and
import-linter passes over it without a word; so its files' imports are read here.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder.testing as face
from autograder.course import Course
from autograder.course.declarations import PUBLIC, is_hidden

COURSE = Course.find(Path(__file__))
TESTS = COURSE.tests_name
FOR_ALL = {"torch", "numpy", "safetensors", f"{TESTS}.shared", *sys.stdlib_module_names}
"""What any test of an exercise may import, with all below it, beside the face of the autograder."""
FOR_REFERENCE = {COURSE.library_name, COURSE.data_name}
"""What hidden tests and shared modules may import as well: the reference, and data drawn anew."""
UNTYPED = "\n\ndef untyped(value):\n    return value\n"


def refused_imports(tests: Path) -> list[str]:
    """Return what exercises' tests import and should not, each with its file and line."""
    patterns = ("[0-9]*/*/public.py", "[0-9]*/*/hidden.py", "shared/*.py")
    return sorted(
        f"{file.relative_to(tests).as_posix()}:{line} imports {module}"
        for pattern in patterns
        for file in tests.glob(pattern)
        for line, module in _imported(ast.parse(file.read_text(encoding="utf-8")))
        if not _is_allowed(module, file)
    )


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Lines and dotted names of all imports, also of those within functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _is_allowed(module: str, file: Path) -> bool:
    parts = module.split(".")
    above = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    if parts[0] == "autograder":  # a name of the face, and no module below it
        return parts[1:2] == ["testing"] and parts[2:] in [[name] for name in face.__all__]
    if not is_hidden(file) and any(part.startswith("hidden_") for part in parts):
        return False
    return bool(above & (FOR_ALL if file.name == PUBLIC else FOR_ALL | FOR_REFERENCE))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the tests of one exercise, with what ruff and mypy read of the checkout."""
    shutil.copy(COURSE.root / "pyproject.toml", tmp_path)
    exercise = COURSE.exercises()[0]
    shutil.copytree(exercise.folder, tmp_path / exercise.folder.relative_to(COURSE.root))
    return tmp_path / exercise.folder.relative_to(COURSE.root)


def test_tests_of_exercises_import_what_they_may() -> None:
    assert refused_imports(COURSE.tests) == []


@pytest.mark.parametrize(
    ("file", "line", "refused"),
    [
        ("public.py", "from autograder.judge.grading import Judge", "judge.grading.Judge"),
        ("hidden.py", "from autograder.worker import serving", "autograder.worker.serving"),
        ("public.py", "from autograder.testing.session import judge", "testing.session.judge"),
        ("public.py", "from autograder.testing import session", "autograder.testing.session"),
        ("public.py", "from course_lib.sampling import epoch_length", "sampling.epoch_length"),
        ("public.py", f"import {TESTS}.shared.hidden_numbers", "shared.hidden_numbers"),
        ("public.py", "from .hidden import integers", ".hidden.integers"),
        ("hidden.py", "import pandas", "pandas"),
    ],
)
def test_an_import_that_is_not_allowed_is_found(
    copied: Path, file: str, line: str, refused: str
) -> None:
    with (copied / file).open("a", encoding="utf-8") as opened:
        opened.write(f"\n\ndef planted() -> None:\n    {line}\n")
    (found,) = refused_imports(copied.parents[1])
    assert found.startswith(f"{copied.parent.name}/{copied.name}/{file}:")
    assert found.endswith(refused)


def test_an_untyped_function_is_found(copied: Path) -> None:
    def mypy() -> subprocess.CompletedProcess[str]:
        # As `make lint` runs it, but without looking into what the files import.
        command = [sys.executable, "-m", "mypy", "--follow-imports=skip", str(copied)]
        return subprocess.run(
            [*command, "--cache-dir=/dev/null", "--no-warn-unused-ignores"],
            cwd=copied.parents[2],
            capture_output=True,
            text=True,
            check=False,
        )

    assert mypy().returncode == 0, mypy().stdout
    for file in ("public.py", "hidden.py"):
        with (copied / file).open("a", encoding="utf-8") as opened:
            opened.write(UNTYPED)
    done = mypy()
    assert done.returncode == 1
    for file in ("public.py", "hidden.py"):
        assert f"{copied.name}/{file}" in done.stdout
    assert done.stdout.count("[no-untyped-def]") == 2


def test_mypy_looks_at_every_assignment() -> None:
    text = (COURSE.root / "pyproject.toml").read_text(encoding="utf-8")
    for assignment in COURSE.assignments():
        folder = assignment.tests_folder.relative_to(COURSE.root).as_posix()
        assert f'"$MYPY_CONFIG_FILE_DIR/{folder}",' in text, f"add {folder} to mypy_path"
