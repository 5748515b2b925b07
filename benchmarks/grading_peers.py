"""The peers that grade the same class: stock nbgrader, and otter-grader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course import Assignment, Course

OTTERS_CLASS = 6  # each takes seconds; what counts is the time for one


def lean_notebook(course: Course, assignment: Assignment, whole: NotebookNode) -> NotebookNode:
    """The set-up, the answers, and a test cell for each exercise."""
    cells = {cell.get("id"): cell for cell in whole.cells}
    lean = nbformat.v4.new_notebook(metadata=whole.metadata)
    lean.cells.append(new_code_cell(cells["setup"].source, id="setup"))
    for exercise in course.exercises_of(assignment):
        lean.cells.append(new_code_cell(cells[f"ex-{exercise.id}"].source, id=f"ex-{exercise.id}"))
        test = new_code_cell(
            "from benchmarks.in_kernel import passes\n"
            f"assert passes({exercise.id!r}, {exercise.name})",
            id=f"check-{exercise.id}",
        )
        test.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade": True,
            "solution": False,
            "locked": True,
            "task": False,
            "grade_id": f"check-{exercise.id}",
            "points": 10,
            "cell_type": "code",
        }
        lean.cells.append(test)
    return lean


def time_nbgrader(root: Path, lean: NotebookNode, size: int) -> float:
    """Seconds of `nbgrader autograde` for a class."""
    name = "lesson"
    (root / "source" / name).mkdir(parents=True)
    nbformat.write(lean, root / "source" / name / f"{name}.ipynb")
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "stock"\n', encoding="utf-8"
    )
    run([sys.executable, "-m", "nbgrader", "generate_assignment", name], root)
    for number in range(size):
        shutil.copytree(root / "release" / name, root / "submitted" / f"s{number:03}" / name)
    seconds = seconds_of([sys.executable, "-m", "nbgrader", "autograde", name], root)
    graded = len(list(root.glob(f"autograded/*/{name}/{name}.ipynb")))
    if graded != size:
        raise RuntimeError(f"nbgrader graded {graded} of {size}")
    return seconds


OTTER_PROGRAM = """
import json, sys
from otter.api import grade_submission
points = [grade_submission(path, "autograder.zip", quiet=True).total for path in sys.argv[1:]]
print(json.dumps(points))
"""


def time_otter(root: Path, course: Course, assignment: Assignment, lean: NotebookNode) -> float:
    """Seconds of otter-grader's API for `OTTERS_CLASS` submissions."""
    (root / "tests").mkdir(parents=True)
    exercises = course.exercises_of(assignment)
    for exercise in exercises:
        call = f"passes({exercise.id!r}, {exercise.name})"
        case = f">>> from benchmarks.in_kernel import passes\\n>>> {call}\\nTrue"
        (root / "tests" / f"{exercise.id}.py").write_text(
            "OK_FORMAT = True\n"
            f'test = {{"name": {exercise.id!r}, "points": 10, "suites": [{{"cases": [{{"code": '
            f"'''{case}'''}}], \"scored\": True, \"type\": \"doctest\"}}]}}\n",
            encoding="utf-8",
        )
    lean.cells = [cell for cell in lean.cells if not cell.id.startswith("check-")]
    paths = []
    for number in range(OTTERS_CLASS):
        paths.append(root / f"s{number:03}.ipynb")
        nbformat.write(lean, paths[-1])
    own = os.environ.get("PYTHONPATH", "")  # otter's packages are seen by otter alone
    generate = ["generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
    run([sys.executable, "-m", "otter", *generate], root, packages=own)
    began = perf_counter()
    done = run([sys.executable, "-c", OTTER_PROGRAM, *map(str, paths)], root, packages=own)
    seconds = perf_counter() - began
    points = json.loads(done.stdout.strip().splitlines()[-1])
    if points != [10.0 * len(exercises)] * OTTERS_CLASS:
        raise RuntimeError(f"otter-grader gave {points}")
    return seconds


def seconds_of(command: list[str], folder: Path) -> float:
    """Wall-clock seconds of a command."""
    began = perf_counter()
    run(command, folder)
    return perf_counter() - began


def environment_with(packages: str = "") -> dict[str, str]:
    """Variables of a contestant.

    Args:
        packages: a search path for packages beside this checkout's.
    """
    own = str(Path.cwd())
    path = os.pathsep.join(filter(None, [own, packages]))
    return {**os.environ, "PYTHONPATH": path, "BENCHMARKED_COURSE": own}


def run(
    command: list[str], folder: Path, *, packages: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command with this checkout importable; raises with its last words when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment_with(packages),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command[:5])} failed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        )
    return done
