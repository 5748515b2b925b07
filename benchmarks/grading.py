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
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import nbformat
import psutil
from jupyter_client.manager import start_new_kernel

from autograder.course import Course
from autograder.demo.run import own_course
from autograder.demo.sample_class import SampleStudent, write_roster, write_submissions
from autograder.gradebook.roster import enter_roster
from autograder.releasing.release import release
from autograder.submissions.collect import collect
from benchmarks.grading_peers import (
    OTTERS_CLASS,
    environment_with,
    lean_notebook,
    time_nbgrader,
    time_otter,
)
from benchmarks.harness import Claim, Comparison, Row

ASSIGNMENT = "02"
CLASS = 40
LARGE_CLASS = 300
PROCESSES = 2
OURS = "course grade"
NBGRADER, OTTER = "nbgrader autograde", "otter-grader (its API)"
FACTOR = 8.0
LARGE_MINUTES = 3.0
OVERHEAD_SECONDS = 0.3
GROWTH = 1.1  # of memory, from a class to a large one
CHECK_SECONDS = 1.0
LOOK_EVERY = 0.25  # seconds, at the grader's memory


@dataclass(frozen=True)
class Run:
    """A class, graded by us.

    Attributes:
        seconds: of the whole command, by the clock.
        of_students: seconds that the tests waited for the answers, all together.
        memory: bytes that the grader and its judges held at most, each at its own peak.
        size: submissions.
    """

    seconds: float
    of_students: float
    memory: int
    size: int


def measure(repeats: int) -> list[Comparison]:
    """A class of 40 by everybody, and one of 300 by us; once each, since a class is long."""
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch:
        course = own_course(Course.find(Path.cwd()), Path(scratch) / "ours")
        assignment = course.assignment(ASSIGNMENT)
        submissions = _hand_in(course, CLASS)
        small = _grade(course, CLASS)
        rows = [Row(OURS, small.seconds / CLASS, f"{CLASS} submissions, sandboxed")]
        lean = lean_notebook(course, assignment, nbformat.read(submissions[0], as_version=4))
        seconds = time_nbgrader(Path(scratch) / "nbgrader", lean, CLASS)
        rows.append(Row(NBGRADER, seconds / CLASS, f"{CLASS} submissions"))
        if importlib.util.find_spec("otter"):
            seconds = time_otter(Path(scratch) / "otter", course, assignment, lean)
            rows.append(Row(OTTER, seconds / OTTERS_CLASS, f"{OTTERS_CLASS} submissions"))
        each = Comparison(
            f"Grading assignment {assignment.name}: seconds for one submission", rows, ours=OURS
        )
        for peer in (row.name for row in rows[1:]):
            each.claim_faster(peer, FACTOR)

        other = own_course(Course.find(Path.cwd()), Path(scratch) / "large")
        _hand_in(other, LARGE_CLASS)
        large = _grade(other, LARGE_CLASS)
        whole = Comparison(
            f"Grading assignment {assignment.name}: a class of {LARGE_CLASS}",
            [Row(OURS, large.seconds, f"{large.seconds / LARGE_CLASS:.2f} s for one")],
            ours=OURS,
        )
        whole.claim_within(OURS, LARGE_MINUTES * 60)
        return [
            each,
            whole,
            _overhead(small, large),
            _memory(small, large),
            _check(course, repeats),
        ]


# what it costs beside the students' own code ------------------------------------------------------


def _overhead(small: Run, large: Run) -> Comparison:
    """What each further submission takes, and how much of it the student's own code.

    The start of the command is in the times for one submission above; here it is not, since it is
    in both classes. Two processes judge, so of the time that answers took half passed by the clock.
    """
    more = large.size - small.size
    seconds = (large.seconds - small.seconds) / more
    answers = (large.of_students - small.of_students) / more / PROCESSES
    name, own = "our overhead", "each further submission"
    comparison = Comparison(
        f"Grading: overhead over the students' own code ({PROCESSES} processes)",
        [
            Row(own, seconds, f"from {small.size} submissions to {large.size}"),
            Row("of it, waiting for the answer", answers, f"both processes, over {PROCESSES}"),
            Row(name, seconds - answers, "all else: sandbox, tests, gradebook"),
        ],
        ours=own,
    )
    held = seconds - answers
    comparison.claims.append(
        Claim(
            f"at most {OVERHEAD_SECONDS:g} s a submission over the students' own code",
            f"{held:.2f} s",
            held <= OVERHEAD_SECONDS,
        )
    )
    return comparison


def _memory(small: Run, large: Run) -> Comparison:
    rows = [
        Row(f"a class of {run.size}", run.seconds, f"{run.memory / 2**20:.0f} MB")
        for run in (small, large)
    ]
    comparison = Comparison("Grading: memory of grader and judges", rows, ours=rows[0].name)
    growth = large.memory / small.memory
    comparison.claims.append(
        Claim(f"at most {GROWTH:g}x for the large class", f"{growth:.2f}x", growth <= GROWTH)
    )
    return comparison


def _check(course: Course, repeats: int) -> Comparison:
    """A student's check in a kernel: the first, which loads pytest, and those after it."""
    notebook = next(
        (course.state / "workspace").rglob(f"{course.assignment(ASSIGNMENT).name}.ipynb")
    )
    cells = {cell.id: cell.source for cell in nbformat.read(notebook, as_version=4).cells}
    exercise = course.exercises_of(course.assignment(ASSIGNMENT))[0]
    reference = nbformat.read(course.assignment(ASSIGNMENT).ipynb, as_version=4).cells
    answer = next(cell.source for cell in reference if cell.id == f"ex-{exercise.id}")
    manager, client = start_new_kernel(cwd=str(notebook.parent), env=environment_with())
    try:
        times = []
        for source in (cells["setup"], answer, *[cells[f"check-{exercise.id}"]] * (repeats + 1)):
            began = perf_counter()
            reply = client.execute_interactive(source, output_hook=lambda message: None)
            times.append(perf_counter() - began)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"the cell failed: {reply['content']}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    first, *later = times[2:]
    comparison = Comparison(
        f'Checking in a notebook: check("{exercise.id}")',
        [Row("first", first, "loads pytest"), Row("check", median(later), "any later one")],
        ours="check",
    )
    for name in ("first", "check"):
        held = comparison.seconds(name)
        comparison.claims.append(
            Claim(f"{name}: less than {CHECK_SECONDS:g} s", f"{held:.2f} s", held < CHECK_SECONDS)
        )
    return comparison


# ours ---------------------------------------------------------------------------------------------


def _hand_in(course: Course, size: int) -> list[Path]:
    """Release, write a class of right answers, and collect them."""
    assignment = course.assignment(ASSIGNMENT)
    archive = release(course, assignment.name)
    workspace = course.state / "workspace"
    shutil.unpack_archive(archive, workspace)
    released = next(workspace.rglob(f"{assignment.name}.ipynb"))
    students = [
        SampleStudent(f"s{number:03}", "Student", str(number), "did everything right", right=("*",))
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


def _grade(course: Course, size: int) -> Run:
    """Grade a class as an instructor does; the peers write no pages either."""
    command = [sys.executable, "-m", "autograder.cli", "grade", ASSIGNMENT, "--no-pages"]
    began = perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*command, "--jobs", str(PROCESSES)],
            cwd=course.root,
            env=environment_with(),
            stdout=said,
            stderr=said,
        )
        peaks: dict[int, int] = {}
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_EVERY)
                break
            peaks |= _peaks(process.pid)
        seconds = perf_counter() - began
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"course grade failed:\n{said.read()[-3000:]}")
    _require_full_marks(course, size)
    waited = sum(
        test["wall"]
        for run in (course.state / "verdicts").rglob("run.json")
        for test in json.loads(run.read_text(encoding="utf-8"))["tests"].values()
    )
    return Run(seconds, waited, sum(peaks.values()), size)


def _require_full_marks(course: Course, size: int) -> None:
    """Refuse a measurement of anything but right answers: an empty one is graded in no time."""
    verdicts = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in (course.state / "verdicts").rglob("verdict.json")
    ]
    exercises = course.exercises_of(course.assignment(ASSIGNMENT))
    right = sum(verdict["points"] == verdict["max_points"] for verdict in verdicts)
    if right != size * len(exercises):
        raise RuntimeError(f"{right} of {size * len(exercises)} answers have full marks, not all")


def _peaks(grader: int) -> dict[int, int]:
    """Peak memory of the grader and of the judges that were forked from it, by pid."""
    peaks = {}
    with suppress(psutil.Error, OSError):
        process = psutil.Process(grader)
        for each in (process, *process.children()):
            with suppress(psutil.Error, OSError):
                if each.name() != "bwrap":  # the sandbox has limits of its own
                    status = Path(f"/proc/{each.pid}/status").read_text(encoding="ascii")
                    for line in status.splitlines():
                        if line.startswith("VmHWM:"):  # which one that has ended does not have
                            peaks[each.pid] = int(line.split()[1]) * 1024
    return peaks
