"""What workers are started with: told by a course's files alone, before torch is loaded.

So a fork server can load its own torch while the grader still loads everything else.
"""

from __future__ import annotations

import ast
import contextlib
from functools import lru_cache
from pathlib import Path

import nbformat

from autograder.answers.cells import python_of
from autograder.course import Assignment, Course
from autograder.judge.connection import probes_folder
from autograder.judge.forks import ForkServers
from autograder.judge.plain_processes import PlainProcesses
from autograder.judge.sandbox import Bubblewrap, Mounts, Sandbox
from autograder.judge.workers import WorkerSource

WORKER_NEEDS = ("numpy", "torch")


def worker_source(sandbox: Sandbox) -> WorkerSource:
    """Where workers come from, for a kind of sandbox."""
    return ForkServers(sandbox) if isinstance(sandbox, Bubblewrap) else PlainProcesses()


def begin_to_start(course: Course, assignment: Assignment, sandbox: Sandbox) -> WorkerSource:
    """Where workers of an assignment come from, already on the way; waits for nothing."""
    source = worker_source(sandbox)
    editions = course.state / "editions"
    editions.mkdir(parents=True, exist_ok=True)
    source.prepare(mounts_with(course, editions / "any"), imported_by(assignment))
    return source


def mounts_with(course: Course, edition: Path) -> Mounts:
    """What a worker sees.

    Args:
        edition: folder of its edition of the library.
    """
    runtime = (*WORKER_NEEDS, *course.runtime)
    packages = (course.data,) if course.data.is_dir() else ()
    probes = probes_folder(course.tests)
    return Mounts(edition, probes, runtime, packages, course.library_name)


def imported_by(assignment: Assignment) -> tuple[str, ...]:
    """Modules that the lesson imports."""
    notebook = assignment.ipynb
    return _imports_of(notebook, notebook.stat().st_mtime_ns) if notebook.is_file() else ()


@lru_cache(maxsize=64)
def _imports_of(notebook: Path, mtime: int) -> tuple[str, ...]:
    """Modules that the cells of a notebook import: of ours, so that they may be loaded for all."""
    modules: dict[str, None] = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse(python_of(cell.source))):
                if isinstance(node, ast.Import):
                    modules |= dict.fromkeys(name.name for name in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules[node.module] = None
    return tuple(modules)
