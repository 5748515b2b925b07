"""Examines what this machine has for a course, and says how to mend what is missing."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course import Course
from autograder.environment import tool_path
from autograder.judge.cgroups import make_group
from autograder.judge.sandbox import Limits, runtime_files, sandbox_problem
from autograder.judge.system_calls import FORBIDDEN, filter_problem

GIGABYTE = 1 << 30
DISK_NEEDED = 5 * GIGABYTE
LIMITS = Limits()
GRADING = "grading"
THIRD_WALL = "grading (a third wall)"


@dataclass(frozen=True)
class Finding:
    """The state of one thing that the course needs.

    Attributes:
        subject: name of the thing.
        state: state of the thing, in words.
        remedy: what to do about the state; "" when all is well.
        needed_for: who or what cannot work without the thing.
    """

    subject: str
    state: str
    remedy: str = ""
    needed_for: str = "everybody"

    @property
    def healthy(self) -> bool:
        """Whether all is well."""
        return not self.remedy


def examine(
    course: Course,
    *,
    find_sandbox_problem: Callable[[], str] = sandbox_problem,
    path: str | None = None,
) -> Iterator[Finding]:
    """Give the state of everything that the course needs on this machine.

    Args:
        course: the course, which says what it needs.
        find_sandbox_problem: says why there is no sandbox; "" when there is one.
        path: folders of programs, as in PATH; default those of the running environment.
    """
    yield _python()
    yield _torch()
    yield _torchvision(course)
    yield _packages(course)
    yield from _sandbox(find_sandbox_problem())
    yield _alembic(tool_path() if path is None else path)
    yield _disk(course.root)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info < (3, 14):
        return Finding("Python", version)
    return Finding("Python", version, "Use Python 3.11, 3.12 or 3.13.")


def _torch() -> Finding:
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        return Finding("torch", f"missing ({error})", "pip install -r requirements.txt")
    if torch.cuda.is_available():
        device = f"CUDA: {torch.cuda.get_device_name(0)}"
    elif torch.backends.mps.is_available():
        device = "Apple GPU (MPS)"
    else:
        device = "CPU only; that is enough for every exercise"
    return Finding("torch", f"{torch.__version__}, {device}")


def _torchvision(course: Course) -> Finding:
    remedy = (
        "For a clean pair of CPU wheels: pip install torch torchvision "
        "--index-url https://download.pytorch.org/whl/cpu"
    )
    if importlib.util.find_spec("torchvision") is None:
        return Finding("torchvision", "missing", remedy)
    try:
        importlib.import_module(course.library_name)
        torchvision = importlib.import_module("torchvision")
        importlib.import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:
        return Finding("torchvision", f"does not import ({error})", remedy)
    extension = _loads(lambda: importlib.import_module("torchvision.extension")._assert_has_ops())
    state = (
        ""
        if extension
        else ", without its compiled part (made for another torch; PIL reads images)"
    )
    return Finding("torchvision", f"{torchvision.__version__}{state}")


def _packages(course: Course) -> Finding:
    try:
        files = runtime_files(course.runtime)
    except LookupError as error:
        return Finding("packages", str(error), "pip install -r requirements.txt")
    return Finding("packages", f"all of {len(course.runtime)} present ({len(files)} entries)")


def _sandbox(problem: str) -> Iterator[Finding]:
    """Give the state of the walls around submitted code; only the first wall is required."""
    if problem:
        yield Finding("sandbox", "none", problem, GRADING)
        return
    as_whom = "an unused uid" if os.geteuid() == 0 else "a user without rights"
    yield Finding(
        "sandbox", f"bubblewrap works: own namespaces, no network, {as_whom}", needed_for=GRADING
    )
    missing = filter_problem()
    state = "none" if missing else f"seccomp refuses {len(FORBIDDEN)} that escapes are made of"
    yield Finding("system calls", state, missing, needed_for="grading (a second wall)")
    group = make_group(LIMITS.memory_in_all, LIMITS.processes)
    if group is None:
        yield Finding(
            "sum of memory",
            f"not bounded: {LIMITS.memory >> 30} GiB for each of {LIMITS.processes} processes",
            "Grade as root, or in a control group that was delegated to you.",
            needed_for=THIRD_WALL,
        )
        return
    group.remove()
    state = f"a control group bounds it to {LIMITS.memory_in_all >> 30} GiB"
    yield Finding("sum of memory", state, needed_for=THIRD_WALL)


def _alembic(path: str) -> Finding:
    found = shutil.which("alembic", path=path)
    if found:
        return Finding("nbgrader's alembic", found, needed_for=GRADING)
    return Finding(
        "nbgrader's alembic",
        "not on PATH",
        "Activate the environment, or: pip install alembic",
        GRADING,
    )


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    state = f"{free / GIGABYTE:.1f} GB free"
    if free >= DISK_NEEDED:
        return Finding("disk", state)
    return Finding("disk", state, f"Make {DISK_NEEDED / GIGABYTE:.0f} GB free in {folder}.")


def _loads(action: Callable[[], object]) -> bool:
    try:
        action()
    except Exception:
        return False
    return True
