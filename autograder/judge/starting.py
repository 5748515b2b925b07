"""Finds what workers are started with from the files of a course, without loading torch.

So a fork server can load torch while the grader still loads everything else.
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
    """Return a source of workers for a kind of sandbox."""
    return ForkServers(sandbox) if isinstance(sandbox, Bubblewrap) else PlainProcesses()


def begin_to_start(course: Course, assignment: Assignment, sandbox: Sandbox) -> WorkerSource:
    """Return a source of workers whose server for an assignment is starting already.

    This does not wait for the server.
    """
    source = worker_source(sandbox)
    editions = course.state / "editions"
    editions.mkdir(parents=True, exist_ok=True)
    source.prepare(mounts_with(course, editions / "any"), imported_by(assignment))
    return source


def mounts_with(course: Course, edition: Path) -> Mounts:
    """Return the files that a worker sees.

    Args:
        course: the course.
        edition: folder of the worker's edition of the library.
    """
    runtime = (*WORKER_NEEDS, *course.runtime)
    packages = (course.data,) if course.data.is_dir() else ()
    probes = probes_folder(course.tests)
    return Mounts(edition, probes, runtime, packages, course.library_name)


def imported_by(assignment: Assignment) -> tuple[str, ...]:
    """Return the modules that the lesson of an assignment imports."""
    notebook = assignment.ipynb
    return _imports_of(notebook, notebook.stat().st_mtime_ns) if notebook.is_file() else ()


@lru_cache(maxsize=64)
def _imports_of(notebook: Path, mtime: int) -> tuple[str, ...]:
    """Return the modules that the cells of a notebook import.

    The notebook is ours, not a student's, so that its modules may be loaded for all workers.
    """
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
