"""`course grade` against stock `nbgrader autograde` and otter-grader, on the same class.

Every contestant grades the same answers with the same tests, started as its user starts it. The
peers get the notebook without its pictures and training, which we never run; the tests run in the
student's kernel there, which is how both work. otter-grader is heavy, so it is no requirement of
ours: `pip install otter-grader==7.0.0` into an environment of its own, on PYTHONPATH, lets it take
part.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.build.release import release
from autograder.course import Assignment, Course
from autograder.demo import own_course
from autograder.gradebook.intake import collect
from autograder.gradebook.roster import enter_roster
from autograder.samples import Student, write_roster, write_submissions
from benchmarks.harness import Comparison, Row

ASSIGNMENT = "02"
CLASS = 40
OTTERS_CLASS = 6  # each takes seconds; what counts is the time for one
LARGE_CLASS = 300
OURS = "course grade"
NBGRADER, OTTER = "nbgrader autograde", "otter-grader (its API)"
FACTOR = 8.0
LARGE_MINUTES = 3.0


def measure(repeats: int) -> list[Comparison]:
    """A class of 40 by everybody, and one of 300 by us; once each, since a class is long."""
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch:
        course = own_course(Course.find(Path.cwd()), Path(scratch) / "ours")
        assignment = course.assignment(ASSIGNMENT)
        submissions = _hand_in(course, assignment, CLASS)
        rows = [Row(OURS, _time_ours(course) / CLASS, f"{CLASS} submissions, sandboxed")]
        lean = _lean(course, assignment, nbformat.read(submissions[0], as_version=4))
        nbgraders = Path(scratch) / "nbgrader"
        rows.append(Row(NBGRADER, _time_nbgrader(nbgraders, lean) / CLASS, f"{CLASS} submissions"))
        if importlib.util.find_spec("otter"):
            seconds = _time_otter(Path(scratch) / "otter", course, assignment, lean)
            rows.append(Row(OTTER, seconds / OTTERS_CLASS, f"{OTTERS_CLASS} submissions"))
        each = Comparison(
            f"Grading assignment {assignment.name}: seconds for one submission", rows, ours=OURS
        )
        for peer in (row.name for row in rows[1:]):
            each.claim_faster(peer, FACTOR)

        large = own_course(Course.find(Path.cwd()), Path(scratch) / "large")
        _hand_in(large, assignment, LARGE_CLASS)
        seconds = _time_ours(large)
        whole = Comparison(
            f"Grading assignment {assignment.name}: a class of {LARGE_CLASS}",
            [Row(OURS, seconds, f"{seconds / LARGE_CLASS:.2f} s for one")],
            ours=OURS,
        )
        whole.claim_within(OURS, LARGE_MINUTES * 60)
        return [each, whole]


# ours ---------------------------------------------------------------------------------------------


def _hand_in(course: Course, assignment: Assignment, size: int) -> list[Path]:
    """Release, write a class of right answers, and collect them."""
    archive = release(course, assignment.name)
    workspace = course.state / "workspace"
    shutil.unpack_archive(archive, workspace)
    released = next(workspace.rglob(f"{assignment.name}.ipynb"))
    students = [
        Student(f"s{number:03}", "Student", str(number), "did everything right", right=("*",))
        for number in range(size)
    ]
    enter_roster(course, write_roster(students, course.state / "roster.csv"))
    folder = course.state / "handed_in"
    write_submissions(course, assignment, released, folder, students, contained=True)
    notebooks = sorted(folder.rglob("*.ipynb"))
    for number, path in enumerate(notebooks):  # no two alike, so that nothing can be reused
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.get("id", "").startswith("ex-"):
                cell.source += f"\n# handed in by student {number}\n"
        nbformat.write(notebook, path)
    collect(course, folder, assignment)
    return notebooks


def _time_ours(course: Course) -> float:
    command = ["grade", ASSIGNMENT, "--no-pages"]  # the peers write no feedback either
    return _time([sys.executable, "-m", "autograder.cli", *command], course.root)


# peers --------------------------------------------------------------------------------------------


def _lean(course: Course, assignment: Assignment, whole: NotebookNode) -> NotebookNode:
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


def _time_nbgrader(root: Path, lean: NotebookNode) -> float:
    name = "lesson"
    (root / "source" / name).mkdir(parents=True)
    nbformat.write(lean, root / "source" / name / f"{name}.ipynb")
    (root / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "stock"\n', encoding="utf-8"
    )
    _run([sys.executable, "-m", "nbgrader", "generate_assignment", name], root)
    for number in range(CLASS):
        shutil.copytree(root / "release" / name, root / "submitted" / f"s{number:03}" / name)
    seconds = _time([sys.executable, "-m", "nbgrader", "autograde", name], root)
    graded = len(list(root.glob(f"autograded/*/{name}/{name}.ipynb")))
    if graded != CLASS:
        raise RuntimeError(f"nbgrader graded {graded} of {CLASS}")
    return seconds


OTTER_PROGRAM = """
import json, sys
from otter.api import grade_submission
points = [grade_submission(path, "autograder.zip", quiet=True).total for path in sys.argv[1:]]
print(json.dumps(points))
"""


def _time_otter(root: Path, course: Course, assignment: Assignment, lean: NotebookNode) -> float:
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
    _time(
        [
            sys.executable,
            "-m",
            "otter",
            "generate",
            "-t",
            "tests",
            "-o",
            "autograder.zip",
            "--no-environment",
        ],
        root,
    )
    began = perf_counter()
    done = _run([sys.executable, "-c", OTTER_PROGRAM, *map(str, paths)], root)
    seconds = perf_counter() - began
    points = json.loads(done.stdout.strip().splitlines()[-1])
    if points != [10.0 * len(exercises)] * OTTERS_CLASS:
        raise RuntimeError(f"otter-grader gave {points}")
    return seconds


def _time(command: list[str], folder: Path) -> float:
    began = perf_counter()
    _run(command, folder)
    return perf_counter() - began


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    own = Path.cwd()
    path = os.pathsep.join([str(own), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, "BENCHMARKED_COURSE": str(own)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(command[:5])} failed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"
        )
    return done
